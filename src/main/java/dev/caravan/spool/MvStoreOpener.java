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

  MvStoreOpener(String spool, SpoolSettings settings, Clock clock) throws IOException {
    this.spool = spool;
    this.settings = settings;
    this.clock = clock;
    this.file = settings.directory().resolve(spool + ".mv");
    this.watermark = Watermark.open(settings.directory().resolve(spool + ".mark"), spool);
  }

  @Override
  public StoreKeeper.Opened open(boolean knownToBeDamaged, long acknowledged) throws IOException {
    Watermark.Mark mark = watermark.mark();
    if (knownToBeDamaged) {
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
    return new StoreKeeper.Opened(store, Optional.empty());
  }

  private MvSpoolStore open() throws IOException {
    return MvSpoolStore.open(file, watermark, settings.fsync(), settings.keepAcknowledged(), clock);
  }

  private StoreKeeper.Opened repaired(Watermark.Mark mark, Optional<Exception> cause)
      throws IOException {
    Path setAside = setAside();
    MvSpoolStore store = open();
    try {
      Salvage.Result result = Salvage.run(setAside, store, mark);
      LOG.warn(
          "Spool '{}': its file was damaged. It was set aside as {}; {} records in it were whole and"
              + " are kept, {} are lost. Look at the disk; the file set aside may be deleted.",
          spool,
          setAside,
          result.salvaged(),
          result.lost(),
          cause.orElse(null));
      return new StoreKeeper.Opened(
          store,
          Optional.of(
              new SpoolEvent.Repaired(
                  spool, setAside, result.salvaged(), result.lost(), result.holes())));
    } catch (IOException e) {
      store.abandon();
      // Else the next attempt would take the half-filled new file for the spool.
      Files.deleteIfExists(file);
      Files.move(setAside, file);
      throw e;
    }
  }

  private Path setAside() throws IOException {
    Path aside =
        file.resolveSibling(
            file.getFileName() + DAMAGED + STAMP.format(Instant.ofEpochMilli(clock.millis())));
    Files.move(file, aside);
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
    return aside;
  }

  @Override
  public void close() throws IOException {
    watermark.close();
  }
}
