package dev.caravan.genesys;

import java.util.List;

/** For tests of what stops routes: a route that hands over, and notes when it is told to. */
public final class HandOvers {

  private HandOvers() {}

  /** Adds "leave" and "stay" to the notes. */
  public static void note(GenesysComponent component, String route, List<String> notes) {
    component
        .handOvers()
        .put(
            route,
            new GenesysComponent.HandOver() {
              @Override
              public void leave() {
                notes.add("leave");
              }

              @Override
              public void stay() {
                notes.add("stay");
              }
            });
  }
}
