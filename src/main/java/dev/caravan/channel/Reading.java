package dev.caravan.channel;

/**
 * What was last read from one channel's socket.
 *
 * @param lastFrameAt when its last frame of any kind came, in milliseconds of the machine's clock
 * @param held whether we hold its reading back ourselves, so that its silence says nothing
 */
public record Reading(long lastFrameAt, boolean held) {}
