package dev.caravan.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Just enough of Genesys Cloud for a load: a token, one queue, channels, subscriptions and sockets.
 * It writes what it is given straight to the socket, so that the load costs little beside what is
 * measured. The project's simulator is the faithful one.
 */
final class LoadServer implements AutoCloseable {

  private static final Pattern LENGTH =
      Pattern.compile("^content-length:\\s*(\\d+)", Pattern.CASE_INSENSITIVE | Pattern.MULTILINE);
  private static final Pattern KEY =
      Pattern.compile(
          "^sec-websocket-key:\\s*(\\S+)", Pattern.CASE_INSENSITIVE | Pattern.MULTILINE);
  private static final String HEARTBEAT =
      "{\"topicName\":\"channel.metadata\",\"eventBody\":{\"message\":\"WebSocket Heartbeat\"}}";
  private static final String PONG =
      "{\"topicName\":\"channel.metadata\",\"eventBody\":{\"message\":\"pong\"}}";

  private final ServerSocketChannel server;
  private final BlockingQueue<Subscriber> subscribers = new LinkedBlockingQueue<>();

  LoadServer() {
    try {
      server = ServerSocketChannel.open();
      server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    } catch (IOException e) {
      throw new UncheckedIOException("The load server cannot listen on the loopback address.", e);
    }
    daemon("load-accept", this::accept);
  }

  String url() {
    return "http://127.0.0.1:" + server.socket().getLocalPort();
  }

  /** The next socket that is opened, if one is within this time. */
  Optional<Subscriber> awaitSubscriber(long seconds) throws InterruptedException {
    return Optional.ofNullable(subscribers.poll(seconds, TimeUnit.SECONDS));
  }

  @Override
  public void close() {
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void accept() {
    try {
      while (true) {
        SocketChannel channel = server.accept();
        daemon("load-connection", () -> serve(channel));
      }
    } catch (ClosedChannelException ended) {
      // closed on purpose
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void serve(SocketChannel channel) {
    try (channel) {
      Input input = new Input(channel);
      while (true) {
        String head = input.head();
        if (head.isEmpty()) {
          return;
        }
        Matcher key = KEY.matcher(head);
        if (key.find()) {
          send(channel, upgrade(key.group(1)));
          Subscriber subscriber = new Subscriber(channel);
          subscriber.say(HEARTBEAT);
          subscribers.add(subscriber);
          listen(subscriber, input);
          return;
        }
        Matcher length = LENGTH.matcher(head);
        String body = input.text(length.find() ? Integer.parseInt(length.group(1)) : 0);
        send(channel, answer(head, body));
      }
    } catch (IOException e) {
      // The bridge has gone: so does this connection
    }
  }

  private String answer(String head, String body) {
    String path = head.substring(0, head.indexOf('\r'));
    String json;
    if (path.startsWith("POST /oauth/token")) {
      json = "{\"access_token\":\"bench\",\"token_type\":\"bearer\",\"expires_in\":86400}";
    } else if (path.startsWith("GET /api/v2/routing/queues")) {
      json =
          "{\"entities\":[{\"id\":\"%s\",\"name\":\"Bench\"}],\"pageNumber\":1,\"pageCount\":1}"
              .formatted(LoadFrames.QUEUE);
    } else if (path.contains("/subscriptions")) {
      json = "{\"entities\":" + body + "}";
    } else if (path.startsWith("POST /api/v2/notifications/channels")) {
      json =
          "{\"id\":\"bench\",\"connectUri\":\"%s/channels/bench\",\"expires\":\"2099-01-01T00:00:00.000Z\"}"
              .formatted(url().replace("http", "ws"));
    } else {
      return "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    }
    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
        .formatted(json.length(), json);
  }

  private static String upgrade(String key) {
    try {
      byte[] accept =
          MessageDigest.getInstance("SHA-1")
              .digest(
                  (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
                      .getBytes(StandardCharsets.US_ASCII));
      return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          + "Sec-WebSocket-Accept: "
          + Base64.getEncoder().encodeToString(accept)
          + "\r\n\r\n";
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Answers what the bridge says: its pings, and its close. */
  private static void listen(Subscriber subscriber, Input input) throws IOException {
    while (true) {
      int kind = input.read() & 0x0f;
      int length = input.read() & 0x7f;
      if (length == 126) {
        length = input.read() << 8 | input.read();
      }
      byte[] mask = input.bytes(4);
      byte[] said = input.bytes(length);
      for (int i = 0; i < length; i++) {
        said[i] ^= mask[i & 3];
      }
      if (kind == 8) {
        subscriber.closeLike(said);
        return;
      }
      if (new String(said, StandardCharsets.UTF_8).contains("ping")) {
        subscriber.say(PONG);
      }
    }
  }

  private static void send(SocketChannel channel, String text) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private static void daemon(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
  }

  /** An open socket of the bridge. Writing blocks while the bridge does not read. */
  static final class Subscriber {

    private static final int BATCH = 16;

    private final SocketChannel channel;

    Subscriber(SocketChannel channel) {
      this.channel = channel;
    }

    /** Sends frames from the first number to before the last, as fast as they are taken. */
    void flood(LoadFrames frames, long first, long last) throws IOException {
      byte[] batch = new byte[BATCH * (frames.longest() + 4)];
      ByteBuffer direct = ByteBuffer.allocateDirect(batch.length);
      for (long number = first; number < last; ) {
        int end = 0;
        for (int i = 0; i < BATCH && number < last; i++) {
          end += put(frames, number++, batch, end);
        }
        write(direct.clear().put(batch, 0, end).flip());
      }
    }

    /** Sends one frame by itself. */
    void send(LoadFrames frames, long number) throws IOException {
      byte[] one = new byte[frames.longest() + 4];
      write(ByteBuffer.wrap(one, 0, put(frames, number, one, 0)));
    }

    private static int put(LoadFrames frames, long number, byte[] target, int at) {
      int length = frames.write(number, target, at + 4);
      target[at] = (byte) 0x81;
      target[at + 1] = 126;
      target[at + 2] = (byte) (length >> 8);
      target[at + 3] = (byte) length;
      return length + 4;
    }

    private void say(String text) throws IOException {
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      write(
          ByteBuffer.allocate(utf8.length + 2)
              .put((byte) 0x81)
              .put((byte) utf8.length)
              .put(utf8)
              .flip());
    }

    private void closeLike(byte[] said) throws IOException {
      write(
          ByteBuffer.allocate(said.length + 2)
              .put((byte) 0x88)
              .put((byte) said.length)
              .put(said)
              .flip());
    }

    private synchronized void write(ByteBuffer bytes) throws IOException {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    }
  }

  /** What a connection brings. */
  private static final class Input {

    private final SocketChannel channel;
    private final ByteBuffer buffer = ByteBuffer.allocate(64 * 1024).limit(0);

    Input(SocketChannel channel) {
      this.channel = channel;
    }

    /** The next request's line and headers; empty at the end of the connection. */
    String head() throws IOException {
      StringBuilder head = new StringBuilder();
      while (head.length() < 4 || !head.substring(head.length() - 4).equals("\r\n\r\n")) {
        if (!buffer.hasRemaining() && !fill()) {
          return "";
        }
        head.append((char) buffer.get());
      }
      return head.toString();
    }

    String text(int length) throws IOException {
      return new String(bytes(length), StandardCharsets.UTF_8);
    }

    byte[] bytes(int length) throws IOException {
      byte[] bytes = new byte[length];
      for (int i = 0; i < length; i++) {
        bytes[i] = (byte) read();
      }
      return bytes;
    }

    int read() throws IOException {
      if (!buffer.hasRemaining() && !fill()) {
        throw new ClosedChannelException();
      }
      return buffer.get() & 0xff;
    }

    private boolean fill() throws IOException {
      buffer.clear();
      boolean more = channel.read(buffer) > 0;
      buffer.flip();
      return more;
    }
  }
}
