package dev.caravan.simulator;

/**
 * Whether the contact centre works, and how fast its day goes by.
 *
 * @param on whether anything happens by itself
 * @param speed 1 for real time, 60 for an hour in a minute, 0 for as fast as the readers take it
 */
public record Traffic(boolean on, double speed) {

  public Traffic {
    if (!(speed >= 0)) {
      throw new IllegalArgumentException("The speed of the traffic cannot be less than 0.");
    }
  }

  /** Nothing happens but what a test emits. */
  public static final Traffic NONE = new Traffic(false, 1);

  /** A day that goes by so many times faster. */
  public static Traffic times(double speed) {
    return new Traffic(true, speed);
  }

  boolean flatOut() {
    return speed == 0;
  }
}
