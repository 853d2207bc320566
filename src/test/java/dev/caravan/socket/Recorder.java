package dev.caravan.socket;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** Keeps all that a listener was told. */
class Recorder implements SocketListener {

  record Frame(byte[] bytes, boolean binary) {
    String text() {
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }

  final List<Frame> frames = new java.util.Vector<>();
  final List<CloseReason> ends = new CopyOnWriteArrayList<>();
  final AtomicInteger framesAfterTheEnd = new AtomicInteger();

  @Override
  public void onFrame(byte[] frame, boolean binary) {
    if (!ends.isEmpty()) {
      framesAfterTheEnd.incrementAndGet();
    }
    frames.add(new Frame(frame, binary));
  }

  @Override
  public void onClosed(CloseReason reason) {
    ends.add(reason);
  }

  List<String> texts() {
    return List.copyOf(frames).stream().map(Frame::text).toList();
  }
}
