package dev.caravan.spool;

/** Hears what the owner of a spool must know: full, dropped, repaired, failing. */
@FunctionalInterface
public interface SpoolListener {

  /** Called on the spool's own thread: must return soon and must not throw. */
  void onEvent(SpoolEvent event);
}
