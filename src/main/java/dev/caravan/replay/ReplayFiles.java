package dev.caravan.replay;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.caravan.PrivateFiles;
import dev.caravan.command.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How {@code replay} speaks with the running bridge: by small files in the data folder, which both
 * may write and nobody else can reach. A request stands as long as somebody wants it; beside it the
 * bridge keeps its answer.
 */
public final class ReplayFiles {

  private static final String REQUEST = ".request";
  private static final String ANSWER = ".answer";
  private static final int LARGEST_BYTES = 16 * 1024;
  private static final int MOST_REQUESTS = 16;
  private static final ObjectMapper JSON =
      new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

  private final Path folder;

  public ReplayFiles(Path data) {
    this.folder = data.resolve("replay");
  }

  /**
   * What is wanted.
   *
   * @param route that takes out of the spool
   * @param since ISO 8601 in UTC
   */
  public record Request(String route, String since, int perSecond) {}

  /**
   * How far it is.
   *
   * @param state one of the constants
   * @param reached when what was sent last had been read, ISO 8601 in UTC; empty at first
   * @param sentence why it was refused, or what came of it; empty while it goes on
   */
  public record Answer(String state, long sent, String reached, String sentence) {
    public static final String SENDING = "sending";
    static final String SETTLING = "settling";
    static final String DONE = "done";
    public static final String REFUSED = "refused";
  }

  public void ask(String id, Request request) throws IOException {
    write(folder.resolve(id + REQUEST), request);
  }

  public boolean isAsked(String id) {
    return Files.exists(folder.resolve(id + REQUEST));
  }

  public void answer(String id, Answer answer) throws IOException {
    write(folder.resolve(id + ANSWER), answer);
  }

  public Optional<Request> request(String id) throws IOException {
    return read(folder.resolve(id + REQUEST), Request.class);
  }

  public Optional<Answer> answer(String id) throws IOException {
    return read(folder.resolve(id + ANSWER), Answer.class);
  }

  /** Those who ask, the answered ones too. */
  public List<String> requests() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(REQUEST))
          .limit(MOST_REQUESTS)
          .map(name -> name.substring(0, name.length() - REQUEST.length()))
          .toList();
    } catch (NoSuchFileException nobodyEverAsked) {
      return List.of();
    }
  }

  /** Takes a request and its answer away. */
  public void forget(String id) throws IOException {
    Files.deleteIfExists(folder.resolve(id + REQUEST));
    Files.deleteIfExists(folder.resolve(id + ANSWER));
  }

  void forgetAll() {
    Folders.delete(folder);
  }

  private static void write(Path file, Object value) throws IOException {
    PrivateFiles.replace(file, JSON.writeValueAsBytes(value), false);
  }

  private static <T> Optional<T> read(Path file, Class<T> type) throws IOException {
    try {
      if (Files.size(file) > LARGEST_BYTES) {
        throw new IOException(file + " is too large to be a request or an answer.");
      }
      return Optional.of(JSON.readValue(Files.readAllBytes(file), type));
    } catch (NoSuchFileException notThere) {
      return Optional.empty();
    }
  }
}
