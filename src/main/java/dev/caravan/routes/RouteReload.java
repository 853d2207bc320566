package dev.caravan.routes;

import dev.caravan.background.BackgroundHealthCheck;
import dev.caravan.background.BackgroundTask;
import dev.caravan.command.CommandFailure;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.camel.model.ModelCamelContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the routes of the user's files running: loads each file by itself, tries again what could
 * not be loaded, and, if it is to, lets a file that is edited take the place of what it said before
 * while the routes of the other files run on. An edit is first built in a Camel of its own; one
 * that cannot be built changes nothing but the health, which says where it is wrong.
 *
 * <p>Camel's own way of reloading removes the old routes before it knows that the new ones can be
 * built.
 */
final class RouteReload {

  private static final Logger LOG = LoggerFactory.getLogger(RouteReload.class);
  private static final int LOOK_EVERY_MILLIS = 500;

  static final Duration AGAIN = Duration.ofSeconds(10);

  /** A deploy leaves a file away for a moment, not for so long. */
  private static final Duration GONE_FOR_GOOD = Duration.ofMinutes(2);

  private final LoadedRoutes routes;
  private final RouteFolder folder;
  private final RoutePoll poll;
  private final Trial trial;
  private final boolean edits;
  private final Clock clock;
  private final ModelCamelContext context;
  private Optional<ScheduledExecutorService> executor = Optional.empty();
  private final RemovedRoutes ended = new RemovedRoutes();

  /** What is at work. */
  private SortedMap<Path, String> running = new TreeMap<>();

  /** What is at work, or could not be. */
  private Optional<RouteFolder.Contents> tried = Optional.empty();

  private final BrokenFiles broken = new BrokenFiles(AGAIN);

  /** The shipped files that may still begin to run; whatever else does so needs a restart. */
  private final Set<Path> waiting = new HashSet<>();

  private final Map<Path, Instant> goneSince = new HashMap<>();

  private final Set<String> logged = new HashSet<>();

  private Instant again = Instant.MIN;
  private volatile Optional<String> problem = Optional.empty();
  private volatile boolean replacing;
  private volatile List<String> warnings = List.of();

  /** For finding out whether routes can be built, before those that run are touched. */
  @FunctionalInterface
  interface Trial {
    void of(SortedMap<Path, String> texts) throws Exception;
  }

  /**
   * @param edits whether edited files take effect
   */
  RouteReload(
      ModelCamelContext context, RouteFolder folder, Trial trial, boolean edits, Clock clock) {
    this.context = context;
    this.routes = new LoadedRoutes(context);
    this.folder = folder;
    this.poll = new RoutePoll(folder, clock);
    this.trial = trial;
    this.edits = edits;
    this.clock = clock;
  }

  /**
   * Loads all files for the first time.
   *
   * @throws CommandFailure if there are none, or the folder cannot be read
   */
  void begin() {
    RouteFolder.Contents now = poll.first();
    tried = Optional.of(now);
    waiting.addAll(now.shipped());
    Stream.of(now.texts(), now.unreadable())
        .flatMap(files -> files.keySet().stream())
        .forEach(broken::add);
    mend(now);
    name(now);
    review();
    LOG.info("Running {} routes from {}", routes.count(), folder);
    List<Path> shipped = now.shipped().stream().filter(running::containsKey).toList();
    if (!shipped.isEmpty()) {
      LOG.info(
          "Of these files {} has none, so the shipped ones run: {}.",
          folder,
          RouteFolder.names(shipped));
    }
  }

  void start() {
    Duration every = edits ? Duration.ofMillis(LOOK_EVERY_MILLIS) : AGAIN;
    ScheduledExecutorService looks =
        context.getExecutorServiceManager().newSingleThreadScheduledExecutor(this, "routes-reload");
    executor = Optional.of(looks);
    BackgroundHealthCheck.of(context)
        .watch(BackgroundTask.every(every, "looking for edited route files", looks, this::look));
    if (edits) {
      LOG.info("Route files that are edited in {} take effect within seconds.", folder);
    }
  }

  /** What is under way ends by itself: an interrupt could hit a spool that is being opened. */
  void stop() {
    executor.ifPresent(context.getExecutorServiceManager()::shutdown);
  }

  /** Why the files cannot be read, or why the latest edit is not at work; empty if all is well. */
  Optional<String> problem() {
    return poll.problem().or(() -> problem);
  }

  /** Which files' routes do not run by a fault of theirs, and why; empty if there are none. */
  Optional<String> broken() {
    return broken.sentence(false);
  }

  /** What of the data folder keeps routes from running; empty if nothing does. */
  Optional<String> dataProblem() {
    return broken.sentence(true);
  }

  /** Whether routes are being replaced at this moment. */
  boolean isReplacing() {
    return replacing;
  }

  /**
   * Why no route begins there, as its file is broken, not loaded yet or went; empty if no file is
   * known.
   */
  Optional<String> away(String input) {
    return broken.away(input).or(() -> ended.sentence(input));
  }

  /** What nobody does any more since a file was edited or taken away. */
  RemovedRoutes ended() {
    return ended;
  }

  /** To be called again and again. */
  void look() {
    poll.look().ifPresent(this::follow);
  }

  private void follow(RouteFolder.Contents seen) {
    // A file that is just being written is left alone until the next look
    if (!poll.isStable() && edits) {
      return;
    }
    RouteFolder.Contents now = withoutNewlyShipped(seen);
    boolean changed = mend(now);
    name(now);
    if (edits && !tried.equals(Optional.of(now))) {
      tried = Optional.of(now);
      takeOver(now);
      changed = true;
    }
    if (changed) {
      review();
    }
  }

  /**
   * While the bridge runs, no shipped file takes the place of one that ran and goes away: it may be
   * away for a moment only, and the shipped one may send where it must not.
   */
  private RouteFolder.Contents withoutNewlyShipped(RouteFolder.Contents found) {
    SortedMap<Path, String> missed = missed(found);
    waiting.removeIf(file -> !found.shipped().contains(file));
    SortedMap<Path, String> texts = new TreeMap<>(found.texts());
    SortedMap<Path, String> unreadable = new TreeMap<>(found.unreadable());
    SortedSet<Path> shipped = new TreeSet<>(found.shipped());
    for (Path file : found.shipped()) {
      if (isShipped(file, running)) {
        texts.put(file, running.get(file));
        unreadable.remove(file);
      } else if (waiting.contains(file)) {
        // What was held up goes on waiting with what is missed
        if (!missed.isEmpty() && !broken.wasTried(file)) {
          texts.remove(file);
          unreadable.putIfAbsent(file, missed.get(missed.firstKey()));
        }
      } else {
        texts.remove(file);
        unreadable.remove(file);
        shipped.remove(file);
      }
    }
    unreadable.putAll(missed);
    return new RouteFolder.Contents(texts, unreadable, found.notRead(), shipped);
  }

  /**
   * Broken files that went away not long ago, each with a sentence. Shipped ones may take the place
   * of those that stay away.
   */
  private SortedMap<Path, String> missed(RouteFolder.Contents found) {
    List<Path> gone =
        broken.files().stream()
            .filter(file -> !waiting.contains(file))
            .filter(file -> found.shipped().contains(file) || !isThere(file, found))
            .toList();
    Instant now = clock.instant();
    goneSince.keySet().retainAll(gone);
    SortedMap<Path, String> missed = new TreeMap<>();
    for (Path file : gone) {
      if (now.isBefore(goneSince.computeIfAbsent(file, it -> now).plus(GONE_FOR_GOOD))) {
        missed.put(
            file,
            "The broken route file %s was taken away. If it stays away for %d minutes, shipped ones that it kept from running begin."
                .formatted(file, GONE_FOR_GOOD.toMinutes()));
      } else if (found.shipped().contains(file)) {
        waiting.add(file);
      }
    }
    return missed;
  }

  private boolean isShipped(Path file, SortedMap<Path, String> texts) {
    return texts.containsKey(file) && texts.get(file).equals(folder.shipped().text(file));
  }

  /** Files that look like routes and are none are named once. */
  private void name(RouteFolder.Contents now) {
    now.notRead().stream()
        .map(RouteFolder.Contents::notRead)
        .filter(logged::add)
        .forEach(LOG::warn);
  }

  /** What routes do that costs events is said once. */
  private void review() {
    warnings = UnsafeSteps.warnings(context);
    warnings.stream().filter(logged::add).forEach(LOG::warn);
  }

  /** What is not as it was meant, although the routes run, as sentences. */
  List<String> degraded() {
    return Stream.of(
            problem().stream(), ended.sentence().stream(), stopped().stream(), warnings.stream())
        .flatMap(sentences -> sentences)
        .toList();
  }

  private Optional<String> stopped() {
    List<String> stopped = replacing ? List.of() : routes.stopped();
    return stopped.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "These routes were stopped and do nothing: %s. Start them again, or restart the bridge."
                .formatted(String.join(", ", stopped)));
  }

  // ---- files that were never at work

  /** Whether any was tried. */
  private boolean mend(RouteFolder.Contents now) {
    broken.removeIf(file -> !isThere(file, now));
    boolean changed = broken.haveChanged(now.texts());
    if (broken.files().isEmpty() || !changed && clock.instant().isBefore(again)) {
      return false;
    }
    again = clock.instant().plus(AGAIN);
    List<Path> sound = new ArrayList<>();
    SortedMap<Path, String> claimed = new TreeMap<>(running);
    Map<Path, List<RemovedRoutes.Work>> before = new TreeMap<>();
    for (Path file : broken.files()) {
      String text = now.texts().get(file);
      broken.tries(file, text);
      if (text == null) {
        breaks(file, new BrokenFiles.Fault(now.unreadable().get(file), false));
        continue;
      }
      List<Path> replaced = shippedInPlaceOf(text, now);
      try {
        refuseEmpty(List.of(file), now.texts());
        claimed.put(file, text);
        claimed.keySet().removeAll(replaced);
        RouteFolder.resources(claimed);
        before.put(file, replaced.stream().flatMap(it -> routes.work(it).stream()).toList());
        routes.remove(replaced);
        running.keySet().removeAll(replaced);
        sound.add(file);
      } catch (Exception | Error e) {
        claimed.remove(file);
        replaced.forEach(it -> claimed.put(it, running.get(it)));
        breaks(file, BrokenFiles.Fault.of(file, e));
      }
    }
    Map<Path, Throwable> failures = routes.loadEach(sound, now.texts());
    List<RemovedRoutes.Work> all = routes.work();
    for (Path file : sound) {
      ended.replaced(file, false, before.get(file), all, clock.instant());
      Throwable failure = failures.get(file);
      if (failure == null) {
        running.put(file, now.texts().get(file));
        if (logged.contains(broken.remove(file).sentence())) {
          LOG.info("The routes of {} run now.", file);
        }
      } else {
        LOG.debug("The routes of {} were not loaded", file, failure);
        breaks(file, BrokenFiles.Fault.of(file, failure));
      }
    }
    return true;
  }

  /** Which shipped files run although they cannot beside a file of this text. */
  private List<Path> shippedInPlaceOf(String text, RouteFolder.Contents now) {
    Optional<RouteText> own = RouteText.of(text);
    return running.keySet().stream()
        .filter(file -> isShipped(file, running) && !isThere(file, now))
        .filter(
            file ->
                own.filter(it -> it.excludes(RouteText.of(running.get(file)).orElseThrow()))
                    .isPresent())
        .toList();
  }

  private static boolean isThere(Path file, RouteFolder.Contents now) {
    return now.texts().containsKey(file) || now.unreadable().containsKey(file);
  }

  private void breaks(Path file, BrokenFiles.Fault fault) {
    broken.add(file, fault);
    if (logged.add(fault.sentence())) {
      LOG.error(broken.withWhatFollows(fault.sentence(), fault.ofData()));
    }
  }

  // ---- files that are edited

  private void takeOver(RouteFolder.Contents now) {
    SortedMap<Path, String> texts = new TreeMap<>(now.texts());
    texts.keySet().removeAll(broken.files());
    // What was read before, and is not a file just now, runs on
    List<String> kept = new ArrayList<>();
    running.forEach(
        (file, text) -> {
          if (now.unreadable().containsKey(file) || now.notRead().contains(file)) {
            texts.put(file, text);
            kept.add(now.unreadable().getOrDefault(file, RouteFolder.Contents.notRead(file)));
          }
        });
    try {
      apply(texts);
      if (!kept.isEmpty()) {
        reject(new CommandFailure(String.join(" ", kept)));
      }
    } catch (Exception | Error e) {
      reject(e);
    } finally {
      replacing = false;
    }
  }

  private void apply(SortedMap<Path, String> now) throws Exception {
    List<Path> edited = edited(now);
    if (!edited.isEmpty()) {
      refuseEmpty(edited, now);
      trial.of(now);
      replace(changed(edited, now), now);
    } else if (problem.isPresent()) {
      LOG.info("The route files are again as they run.");
    }
    problem = Optional.empty();
  }

  private List<Path> edited(SortedMap<Path, String> now) {
    return new TreeSet<>(Stream.concat(running.keySet().stream(), now.keySet().stream()).toList())
        .stream().filter(file -> !Objects.equals(running.get(file), now.get(file))).toList();
  }

  /** The edited files, and those whose routes use what they share, in turn. */
  private List<Path> changed(List<Path> edited, SortedMap<Path, String> now) {
    SortedSet<Path> changed = new TreeSet<>(edited);
    Deque<Path> toFollow = new ArrayDeque<>(changed);
    while (!toFollow.isEmpty()) {
      Path file = toFollow.remove();
      List<RouteText> before = Stream.of(running, now).flatMap(it -> text(file, it)).toList();
      now.keySet().stream()
          .filter(other -> !changed.contains(other))
          .filter(other -> text(other, now).anyMatch(its -> before.stream().anyMatch(its::uses)))
          .toList()
          .forEach(
              other -> {
                changed.add(other);
                toFollow.add(other);
              });
    }
    return List.copyOf(changed);
  }

  private static Stream<RouteText> text(Path file, SortedMap<Path, String> texts) {
    return Stream.ofNullable(texts.get(file)).map(RouteText::of).flatMap(Optional::stream);
  }

  /** Many programs empty a file before they write it; Camel calls one of comments alone broken. */
  private static void refuseEmpty(List<Path> edited, SortedMap<Path, String> now) {
    for (Path file : edited) {
      if (now.getOrDefault(file, "-").lines().allMatch(line -> line.matches("\\s*(#.*)?"))) {
        throw new CommandFailure(
            "The route file %s is empty. Write routes into it, or [] to end them.".formatted(file));
      }
    }
  }

  /**
   * All edited files together, since a route may have moved from one to another. What could not be
   * known beforehand puts all of the old texts back.
   */
  private void replace(List<Path> edited, SortedMap<Path, String> now) throws Exception {
    long begun = System.nanoTime();
    SortedMap<Path, String> old = running;
    Map<Path, List<RemovedRoutes.Work>> before = new TreeMap<>();
    edited.forEach(file -> before.put(file, routes.work(file)));
    replacing = true;
    try {
      swap(edited, now);
      running = now;
    } catch (Exception | Error e) {
      if (putBack(edited, now, e)) {
        throw e;
      }
    }
    List<RemovedRoutes.Work> all = routes.work();
    for (Path file : edited) {
      ended.replaced(file, !now.containsKey(file), before.get(file), all, clock.instant());
    }
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
    edited.forEach(file -> tell(file, now.get(file), old.get(file), isShipped(file, old), millis));
    edited.stream().map(ended::sentence).flatMap(Optional::stream).forEach(LOG::error);
  }

  private void tell(Path file, String now, String before, boolean wasShipped, long millis) {
    if (wasShipped && now == null) {
      LOG.info("The shipped {} has ended: another file has its place.", file.getFileName());
    } else if (now != null && now.equals(before)) {
      LOG.info(
          "The routes of {} began anew, after {} ms: they use what was edited in another file.",
          file,
          millis);
    } else if (now != null) {
      LOG.info(
          "The route file {} was edited: {} of its routes run now, after {} ms. The other files'"
              + " routes ran on.",
          file,
          routes.work(file).size(),
          millis);
    } else {
      LOG.warn("The route file {} was taken away: its routes have ended.", file);
    }
  }

  private void swap(List<Path> files, SortedMap<Path, String> texts) throws Exception {
    routes.remove(files);
    routes.load(files, texts);
  }

  /** If even that fails, it is not the edit's fault: it stays, and is tried again. */
  private boolean putBack(List<Path> edited, SortedMap<Path, String> now, Throwable why) {
    try {
      swap(edited, running);
      return true;
    } catch (Exception | Error notEvenThat) {
      LOG.debug("Neither the edit nor what was before can be started", notEvenThat);
      edited.forEach(file -> routes.forget(file, why));
      running.keySet().removeAll(edited);
      edited.stream().filter(now::containsKey).forEach(broken::add);
      again = Instant.MIN;
      mend(tried.orElseThrow());
      return false;
    }
  }

  /** What Camel says of half a file, for one, does not tell which file it is. */
  private String where(Throwable failure) {
    String route = folder.where(failure);
    String said = StartFailure.sentence(failure) + route;
    List<Path> edited = tried.map(it -> edited(it.texts())).orElse(List.of());
    return edited.isEmpty() || edited.stream().anyMatch(file -> said.contains(file.toString()))
        ? route
        : route
            + " Edited: "
            + edited.stream().map(Path::toString).collect(Collectors.joining(", "))
            + ".";
  }

  private void reject(Throwable failure) {
    String sentence =
        StartFailure.sentence(failure)
                .replace("The bridge could not start: ", "An edited route file cannot be used: ")
            + where(failure)
            + " The routes run on as they were before this edit; mend the file, and it takes"
            + " effect.";
    if (!problem.equals(Optional.of(sentence))) {
      LOG.error(sentence);
      LOG.debug("The edit was not taken over", failure);
    }
    problem = Optional.of(sentence);
  }
}
