package dev.caravan.simulator;

import dev.caravan.background.BackgroundTask;
import dev.caravan.simulator.centre.Organization;
import dev.caravan.simulator.fault.Act;
import dev.caravan.simulator.session.Frames;
import dev.caravan.simulator.session.Publisher;
import dev.caravan.simulator.session.Sockets;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Sends ready-made events as fast as wanted: each frame is packed once, and only its correlation id
 * is written anew for every copy.
 */
final class Flooder {

  private static final long SLICE_MILLIS = 5;
  private static final int SLICE_FRAMES = 256;
  private static final int CORRELATION_DIGITS = 12;
  private static final byte[] HEX = Frames.utf8("0123456789abcdef");
  private static final String CORRELATION = "f100d000-0000-4000-8000-000000000000";

  private record Template(String topicName, byte[] frame, int digitsAt) {}

  private final Vertx vertx;
  private final Publisher publisher;
  private final Sockets sockets;
  private final BackgroundTask flooding = new BackgroundTask("the flood of events");
  private final List<Template> templates = new ArrayList<>();
  private final long frames;
  private final double framesPerSlice;
  private double credit;
  private long sent;
  private boolean stopped;

  Flooder(World world, Act.Flood flood) {
    this.vertx = world.vertx();
    this.publisher = world.publisher();
    this.sockets = world.sockets();
    this.frames = flood.frames();
    this.framesPerSlice = flood.framesPerSecond() * SLICE_MILLIS / 1000.0;
  }

  /** Adds a topic to be flooded. */
  void add(String topicName, byte[] body) {
    byte[] frame = Frames.event(topicName, body, CORRELATION);
    int digitsAt = frame.length - 3 - CORRELATION_DIGITS;
    templates.add(new Template(topicName, frame, digitsAt));
  }

  boolean empty() {
    return templates.isEmpty();
  }

  void start() {
    vertx.setTimer(1, due -> slice());
  }

  void stop() {
    stopped = true;
  }

  /** Schedules the next slice, also after one that failed. */
  private void slice() {
    if (!stopped && !flooding.run(this::sendSlice)) {
      vertx.setTimer(SLICE_MILLIS, due -> slice());
    }
  }

  private void sendSlice() {
    credit = Math.min(credit + framesPerSlice, Math.max(1, 20 * framesPerSlice));
    int most = framesPerSlice == 0 ? SLICE_FRAMES : (int) credit;
    int now = 0;
    while (now < most && sent < frames && sockets.keepUp()) {
      Template template = templates.get((int) (sent % templates.size()));
      publisher.send(template.topicName(), frame(template), correlation());
      now++;
      sent++;
    }
    credit -= now;
    if (sent >= frames) {
      return;
    }
    if (framesPerSlice == 0 && now > 0) {
      vertx.runOnContext(again -> slice());
    } else {
      vertx.setTimer(framesPerSlice == 0 ? 1 : SLICE_MILLIS, due -> slice());
    }
  }

  private byte[] frame(Template template) {
    byte[] frame = Arrays.copyOf(template.frame(), template.frame().length);
    long number = sent;
    for (int i = CORRELATION_DIGITS - 1; i >= 0; i--) {
      frame[template.digitsAt() + i] = HEX[(int) (number & 0xf)];
      number >>>= 4;
    }
    return frame;
  }

  private String correlation() {
    return Organization.uuid(0xf100d00000000000L, sent);
  }
}
