package dev.caravan.simulator.api;

/**
 * One call somebody made.
 *
 * @param atMillis when it came, by the wall clock
 * @param name method and path, ids replaced by {@code {id}}
 * @param status what it was answered with; 0 for no answer
 */
public record CallRecord(long atMillis, String name, int status) {}
