package dev.caravan.spool;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens the file of a spool; a damaged one is set aside and what is whole in it is kept. */
final class MvStoreOpener implements StoreKeeper.Opener {

  private static final Logger LOG = LoggerFactory.getLogger(MvStoreOpener.class);
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss.SSS'Z'").withZone(ZoneOffset.UTC);
  private static final String DAMAGED = ".damaged-";
  private static final int SET_ASIDE_AT_MOST = 5;

  private final String spool;
  private final SpoolSettings settings;
  private final Clock clock;
  private final Path file;
  private final Watermark watermark;
  private final RepairReport report;

  MvStoreOpener(String spool, SpoolSettings settings, Clock clock) throws IOException {
    this.spool = spool;
    this.settings = settings;
    this.clock = clock;
    this.file = settings.directory().resolve(spool + ".mv");
    this.report = new RepairReport(spool, settings.directory());
    this.watermark = Watermark.open(settings.directory().resolve(spool + ".mark"), spool);
  }

  @Override
  public StoreKeeper.Opened open(boolean knownToBeDamaged, long acknowledged) throws IOException {
    Optional<RepairReport.Begun> unfinished = report.unfinished();
    if (unfinished.isPresent()) {
      undo(unfinished.get());
    }
    Watermark.Mark mark = watermark.mark();
    if (knownToBeDamaged || unfinished.isPresent()) {
      return repaired(mark, Optional.empty());
    }
    MvSpoolStore store;
    try {
      store = open();
    } catch (DamagedStoreException e) {
      return repaired(mark, Optional.of(e));
    }
    if (store.size().last() < mark.committed() && mark.acknowledged() < mark.committed()) {
      store.abandon();
      return repaired(mark, Optional.empty());
    }
    if (store.size().last() <= acknowledged && settings.keepAcknowledged().isZero()) {
      // All of it is done with: an empty file needs no room on a disk that may be full.
      store.abandon();
      Files.delete(file);
      store = open();
    }
    return new StoreKeeper.Opened(store, report.untold());
  }

  private MvSpoolStore open() throws IOException {
    return MvSpoolStore.open(file, watermark, settings.fsync(), settings.keepAcknowledged(), clock);
  }

  private StoreKeeper.Opened repaired(Watermark.Mark mark, Optional<Exception> cause)
      throws IOException {
    RepairReport.Begun begun = new RepairReport.Begun(aside(), mark);
    try {
      report.begin(begun);
      Files.move(file, begun.setAside());
      forgetOldOnes();
      return salvaged(begun.setAside(), mark, cause);
    } catch (IOException e) {
      undo(begun);
      throw new IOException(
          "The spool's file %s is damaged, and what is whole in it cannot be saved now: %s. It is left as it is."
              .formatted(file, e.getMessage()),
          e);
    }
  }

  /** Else the next attempt would take the new file, empty or half filled, for the spool. */
  private void undo(RepairReport.Begun begun) throws IOException {
    if (Files.exists(begun.setAside())) {
      Files.deleteIfExists(file);
      Files.move(begun.setAside(), file);
    }
    watermark.write(begun.mark().acknowledged(), begun.mark().committed(), clock.millis());
  }

  private StoreKeeper.Opened salvaged(Path setAside, Watermark.Mark mark, Optional<Exception> cause)
      throws IOException {
    MvSpoolStore store = open();
    try {
      Salvage.Result result = Salvage.run(setAside, store, mark);
      SpoolEvent.Repaired event =
          new SpoolEvent.Repaired(
              spool, setAside, result.salvaged(), result.lost(), result.holes());
      report.end(event);
      LOG.warn(
          "Spool '{}': its file was damaged. It was set aside as {}; {} records in it were whole and"
              + " are kept, {} are lost. Look at the disk; the file set aside may be deleted.",
          spool,
          setAside,
          result.salvaged(),
          result.lost());
      cause.ifPresent(why -> LOG.debug("Spool '{}': the damage", spool, why));
      return new StoreKeeper.Opened(store, Optional.of(event));
    } catch (IOException e) {
      store.abandon();
      throw e;
    }
  }

  private Path aside() {
    return file.resolveSibling(
        file.getFileName() + DAMAGED + STAMP.format(Instant.ofEpochMilli(clock.millis())));
  }

  private void forgetOldOnes() throws IOException {
    try (Stream<Path> siblings = Files.list(settings.directory())) {
      List<Path> old =
          siblings
              .filter(path -> path.getFileName().toString().startsWith(spool + ".mv" + DAMAGED))
              .sorted(Comparator.reverseOrder())
              .skip(SET_ASIDE_AT_MOST)
              .toList();
      for (Path path : old) {
        Files.delete(path);
      }
    }
  }

  @Override
  public void repairIsTold() {
    report.told();
  }

  @Override
  public void close() throws IOException {
    watermark.close();
  }
}
