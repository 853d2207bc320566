package dev.caravan.simulator.centre;

/** What customer and agent look at together while they talk. */
enum Side {
  NONE("", "", ""),
  SCREENSHARE("screenshares", "screenshares", "PureCloud Screenshare"),
  COBROWSE("cobrowsesessions", "cobrowseSessions", "PureCloud Cobrowse");

  private final String array;
  private final String topic;
  private final String provider;

  Side(String array, String topic, String provider) {
    this.array = array;
    this.topic = topic;
    this.provider = provider;
  }

  /** Name of the array in generic bodies. */
  String array() {
    return array;
  }

  /** Last word of the topics of this medium alone. */
  String topic() {
    return topic;
  }

  String provider() {
    return provider;
  }
}
