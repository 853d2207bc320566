package dev.caravan.socket;

import java.time.Duration;

/**
 * How much a {@link FrameQueue} holds between the sockets and their listener.
 *
 * <p>At either mark the sockets are paused; they resume when the queue is half as full. A paused
 * socket still delivers what was read already: up to 64 KiB and 16 frames.
 *
 * @param frames frames that wait or are being handled
 * @param bytes their bytes
 * @param drainTimeout how long a stop waits for sockets to close and for frames to be handled
 */
public record QueueLimits(int frames, long bytes, Duration drainTimeout) {

  /** Good for frames of a few KiB: about 10 ms of a very busy socket. */
  public static final QueueLimits DEFAULT =
      new QueueLimits(256, 16L * 1024 * 1024, Duration.ofSeconds(15));
}
