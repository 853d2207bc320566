package dev.caravan.simulator.centre;

/** What an agent says of themselves. */
public enum Presence {
  OFFLINE("Offline", "Unavailable", "ccf3c10a-aa2c-4845-8e8d-f59fa48c58e5"),
  AVAILABLE("Available", "Available", "6a3af858-942f-489d-9700-5f9bcdcdae9b"),
  ON_QUEUE("OnQueue", "OnQueueWork", "e08eaf1b-ee47-4fa9-a231-1200e284798f"),
  BREAK("Break", "Break", "227b37e2-f1d0-4dd0-8f50-badd7cf6d158"),
  MEAL("Meal", "Meal", "3fd96123-badb-4f69-bc03-1b1ccc6d8014"),
  MEETING("Meeting", "Meeting", "e08eaf1b-0000-4fa9-a231-1200e2847990"),
  TRAINING("Training", "Training", "e08eaf1b-0000-4fa9-a231-1200e2847991");

  /** As workforce management spells it; presence events spell it in capitals. */
  final String camel;

  /** The activity workforce management takes it for. */
  final String activity;

  private final String definitionId;

  Presence(String camel, String activity, String definitionId) {
    this.camel = camel;
    this.activity = activity;
    this.definitionId = definitionId;
  }

  /** As the REST API spells it, in words. */
  public String spoken() {
    return this == ON_QUEUE ? "On Queue" : camel;
  }

  public String definitionId() {
    return definitionId;
  }
}
