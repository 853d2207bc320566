package dev.caravan.routes;

import dev.caravan.command.DataFolder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The route files that never were at work, each with the reason. Health reads what another thread
 * writes.
 */
final class BrokenFiles {

  private final Duration triedAgain;
  private final SortedMap<Path, Fault> faults = new ConcurrentSkipListMap<>();

  /** What of them was tried. */
  private final Map<Path, String> tried = new ConcurrentHashMap<>();

  /**
   * Why a file's routes do not run.
   *
   * @param sentence empty as long as it was not tried
   * @param ofData whether that is the data folder's fault, not the file's
   */
  record Fault(String sentence, boolean ofData) {

    static Fault of(Path file, Throwable failure) {
      String said = StartFailure.sentence(failure);
      if (DataFolder.isCauseOf(failure)) {
        return new Fault(said, true);
      }
      said = said.replace("The bridge could not start: ", "A route file cannot be used: ");
      return new Fault(
          said.contains(file.toString()) ? said : said + " It is in " + file + ".", false);
    }
  }

  /**
   * @param triedAgain how often they are tried again
   */
  BrokenFiles(Duration triedAgain) {
    this.triedAgain = triedAgain;
  }

  List<Path> files() {
    return List.copyOf(faults.keySet());
  }

  /** It was not tried yet. */
  void add(Path file) {
    add(file, new Fault("", false));
  }

  void add(Path file, Fault fault) {
    faults.put(file, fault);
  }

  Fault remove(Path file) {
    return faults.remove(file);
  }

  void removeIf(Predicate<Path> which) {
    faults.keySet().removeIf(which);
  }

  /**
   * This is what is tried of a file now.
   *
   * @param text null if it cannot be read
   */
  void tries(Path file, String text) {
    tried.compute(file, (key, before) -> text);
  }

  boolean wasTried(Path file) {
    return tried.containsKey(file);
  }

  /** Whether one of them has another text than was tried. */
  boolean haveChanged(Map<Path, String> texts) {
    return faults.keySet().stream()
        .anyMatch(file -> !Objects.equals(tried.get(file), texts.get(file)));
  }

  /**
   * What keeps routes from running, as sentences; empty if nothing does.
   *
   * @param ofData whether that of the data folder, or that of the files
   */
  Optional<String> sentence(boolean ofData) {
    String sentences =
        faults.values().stream()
            .filter(fault -> fault.ofData() == ofData)
            .map(Fault::sentence)
            .distinct()
            .collect(Collectors.joining(" "));
    return Optional.of(sentences)
        .filter(any -> !any.isEmpty())
        .map(any -> withWhatFollows(any, ofData));
  }

  String withWhatFollows(String sentences, boolean ofData) {
    return "%s %sIt is tried again every %d s."
        .formatted(sentences, ofData ? "" : "The other routes run. ", triedAgain.toSeconds());
  }

  /** Why no route begins there, if one of these files has it or may have it. */
  Optional<String> away(String input) {
    String mentioned = Pattern.quote(input) + "(?![\\w.-])";
    return fileWith("from:.*\\n?.*" + mentioned, false)
        .or(() -> fileWith(mentioned, true))
        .map(file -> "The route %s does not run: its file %s.".formatted(input, state(file)));
  }

  private Optional<Path> fileWith(String pattern, boolean ifUnread) {
    Pattern sought = Pattern.compile(pattern);
    return faults.keySet().stream()
        .filter(
            file ->
                Optional.ofNullable(tried.get(file))
                    .map(text -> sought.matcher(text.replace("direct://", "direct:")).find())
                    .orElse(ifUnread))
        .findFirst();
  }

  private String state(Path file) {
    Fault fault = faults.get(file);
    return file
        + (fault == null || fault.sentence().isEmpty() ? " is still being loaded" : " is broken");
  }
}
