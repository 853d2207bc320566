package dev.caravan.simulator.centre;

/** What customer and agent look at together while they talk. */
enum Side {
  NONE("", "", ""),
  SCREENSHARE("screenshares", "screenshares", "PureCloud Screenshare"),
  COBROWSE("cobrowsesessions", "cobrowseSessions", "PureCloud Cobrowse");

  /** Name of the array in generic bodies. */
  final String array;

  /** Last word of the topics of this medium alone. */
  final String topic;

  final String provider;

  Side(String array, String topic, String provider) {
    this.array = array;
    this.topic = topic;
    this.provider = provider;
  }
}
