package dev.caravan.frame;

/** Frames as Genesys Cloud writes them, for tests and measurements. */
final class SampleFrames {

  static final String CONVERSATION = "dc119522-79c5-4729-a131-05a4ca44a12f";
  static final String QUEUE = "0e185c02-aca1-4a72-82ea-2e78684e2c89";

  private SampleFrames() {}

  static String notification(String topicName, String body) {
    return "{\"topicName\":\"%s\",\"version\":\"2\",\"eventBody\":%s,\"metadata\":{\"CorrelationId\":\"290034f4-c3d7-46fd-8342-ee5bc859b7e9\"}}"
        .formatted(topicName, body);
  }

  static String presence(String user) {
    return notification(
        "v2.users." + user + ".presence",
        """
        {"source":"PURECLOUD","presenceDefinition":{"id":"6a3af858-942f-489d-9700-5f9bcdcdae9b",\
        "systemPresence":"AVAILABLE"},"primary":true,"message":"On the phone with the customer of \
        the day, back at a quarter past four; for urgent matters please turn to the desk upstairs, \
        to the right of the lift, where somebody will be glad to help.",\
        "modifiedDate":"2026-11-21T17:00:00.123Z"}""");
  }

  /** A call with customer, acd and agent, padded with attributes to about the size asked for. */
  static String conversation(String user, int size) {
    String call =
        """
        {"id":"4abc9472-61cc-402a-83e3-28015dd7f30f","state":"%s","initialState":"offering",\
        "recording":false,"recordingState":"none","muted":false,"confined":false,"held":false,\
        "securePause":false,"direction":"inbound","self":{"name":"","nameRaw":"",\
        "addressNormalized":"tel:+33198765432","addressRaw":"tel:+33198765432",\
        "addressDisplayable":"+33198765432"},"other":{"name":"Paris, France","nameRaw":"",\
        "addressNormalized":"tel:+33123456789","addressRaw":"tel:+33123456789",\
        "addressDisplayable":"+33123456789"},"provider":"Edge",\
        "connectedTime":"2026-11-21T17:00:00.131Z","afterCallWorkRequired":false}""";
    String participant =
        """
        {"id":"9a0231a0-8882-41bb-9b2c-d2f275736270","connectedTime":"2026-11-21T17:00:00.131Z",\
        "name":"Paris, France","purpose":"%s","userId":"%s","queueId":"%s",\
        "address":"tel:+33123456789","wrapupRequired":false,"wrapupExpected":false,\
        "conversationRoutingData":{"queue":{"id":"%s"},"language":{},"priority":0},\
        "attributes":{%s},"calls":[%s]}""";
    StringBuilder attributes = new StringBuilder();
    String frame = "";
    for (int i = 0; frame.length() < size; i++) {
      attributes
          .append(i == 0 ? "" : ",")
          .append("\"attribute.%d\":\"value of attribute %d\"".formatted(i, i));
      frame =
          notification(
              "v2.users." + user + ".conversations",
              "{\"id\":\"%s\",\"participants\":[%s,%s,%s],\"recordingState\":\"none\"}"
                  .formatted(
                      CONVERSATION,
                      participant.formatted(
                          "customer", "", QUEUE, QUEUE, attributes, call.formatted("connected")),
                      participant.formatted(
                          "acd", "", QUEUE, QUEUE, "", call.formatted("terminated")),
                      participant.formatted(
                          "agent", user, QUEUE, QUEUE, "", call.formatted("alerting"))));
    }
    return frame;
  }
}
