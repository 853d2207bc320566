package dev.caravan.background;

/** The endpoint that a route begins with, if it hands out again what the route did not deliver. */
@FunctionalInterface
public interface TriesAgain {

  /** Whether it is tried until it works. */
  boolean untilItWorks(Throwable failure);
}
