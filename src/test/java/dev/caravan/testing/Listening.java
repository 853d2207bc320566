package dev.caravan.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Where a process lets others in, as Linux itself tells. */
public final class Listening {

  private static final String LISTENS = "0A";

  private Listening() {}

  /** The addresses and ports of the TCP sockets on which it listens. */
  public static List<InetSocketAddress> of(long pid) {
    Path process = Path.of("/proc", String.valueOf(pid));
    try (Stream<Path> open = Files.list(process.resolve("fd"))) {
      Set<String> own = new HashSet<>();
      for (Path file : open.toList()) {
        linked(file).ifPresent(own::add);
      }
      List<InetSocketAddress> listening = new ArrayList<>();
      for (String table : List.of("net/tcp", "net/tcp6")) {
        for (String line : Files.readAllLines(process.resolve(table))) {
          String[] columns = line.strip().split("\\s+");
          if (columns[3].equals(LISTENS) && own.contains("socket:[" + columns[9] + "]")) {
            listening.add(address(columns[1]));
          }
        }
      }
      return listening;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What a descriptor stands for, unless it was closed after it had been listed. */
  private static Optional<String> linked(Path descriptor) throws IOException {
    try {
      return Optional.of(Files.readSymbolicLink(descriptor).toString());
    } catch (NoSuchFileException closed) {
      return Optional.empty();
    }
  }

  /** Linux writes an address in words of four bytes, each the wrong way round. */
  private static InetSocketAddress address(String written) throws UnknownHostException {
    String[] parts = written.split(":");
    ByteBuffer bytes = ByteBuffer.allocate(parts[0].length() / 2).order(ByteOrder.nativeOrder());
    for (int start = 0; start < parts[0].length(); start += 8) {
      bytes.putInt(Integer.parseUnsignedInt(parts[0].substring(start, start + 8), 16));
    }
    return new InetSocketAddress(
        InetAddress.getByAddress(bytes.array()), Integer.parseInt(parts[1], 16));
  }
}
