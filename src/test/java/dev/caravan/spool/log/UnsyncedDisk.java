package dev.caravan.spool.log;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A disk that keeps apart what was not forced: when the power is cut, each page and each change of
 * a name that was not forced is there or not, whatever came before or after it.
 */
final class UnsyncedDisk extends FileOperations {

  private static final int PAGE = 512;

  private final Map<RandomAccessFile, Path> opened = new IdentityHashMap<>();
  private final Map<Path, Inode> names = new HashMap<>();
  private final Map<Path, Inode> durableNames = new HashMap<>();

  /** After so many more calls every one fails, as the power is gone. */
  int callsLeft = Integer.MAX_VALUE;

  /** A file: its bytes on the medium, and what else was done to it since. */
  private static final class Inode {
    private byte[] durable = new byte[0];
    private final List<Change> changes = new ArrayList<>();
  }

  /** Bytes put at an offset, or with none: an end. */
  private record Change(long at, byte[] bytes) {}

  @Override
  RandomAccessFile create(Path path) throws IOException {
    RandomAccessFile file = super.create(path);
    names.put(path, new Inode());
    opened.put(file, path);
    return file;
  }

  @Override
  RandomAccessFile open(Path path) throws IOException {
    RandomAccessFile file = super.open(path);
    opened.put(file, path);
    return file;
  }

  @Override
  void write(RandomAccessFile file, long at, byte[] bytes, int length) throws IOException {
    super.write(file, at, bytes, length);
    boolean gone = callsLeft-- <= 0;
    for (int done = 0; done < length; ) {
      int part = (int) Math.min(length - done, PAGE - (at + done) % PAGE);
      changes(file).add(new Change(at + done, Arrays.copyOfRange(bytes, done, done + part)));
      done += part;
      if (gone) {
        throw new IOException("The power is gone");
      }
    }
  }

  private void call() throws IOException {
    if (callsLeft-- <= 0) {
      throw new IOException("The power is gone");
    }
  }

  @Override
  void truncate(RandomAccessFile file, long length) throws IOException {
    call();
    super.truncate(file, length);
    changes(file).add(new Change(length, null));
  }

  private List<Change> changes(RandomAccessFile file) {
    return names.get(opened.get(file)).changes;
  }

  @Override
  void force(RandomAccessFile file) throws IOException {
    call();
    force(names.get(opened.get(file)));
  }

  @Override
  void forceFile(Path path) throws IOException {
    call();
    force(names.get(path));
  }

  private static void force(Inode inode) {
    inode.durable = after(inode, inode.changes);
    inode.changes.clear();
  }

  @Override
  void forceFolder(Path folder) throws IOException {
    call();
    durableNames.keySet().removeIf(path -> path.getParent().equals(folder));
    names.forEach(
        (path, inode) -> {
          if (path.getParent().equals(folder)) {
            durableNames.put(path, inode);
          }
        });
  }

  @Override
  void delete(Path path) throws IOException {
    call();
    super.delete(path);
    names.remove(path);
  }

  @Override
  void rename(Path from, Path to) throws IOException {
    call();
    super.rename(from, to);
    names.put(to, names.remove(from));
  }

  private static byte[] after(Inode inode, List<Change> changes) {
    byte[] bytes = inode.durable;
    for (Change change : changes) {
      if (change.bytes() == null) {
        bytes = Arrays.copyOf(bytes, (int) change.at());
      } else {
        int end = (int) change.at() + change.bytes().length;
        bytes = end > bytes.length ? Arrays.copyOf(bytes, end) : bytes.clone();
        System.arraycopy(change.bytes(), 0, bytes, (int) change.at(), change.bytes().length);
      }
    }
    return bytes;
  }

  /** Leaves on the disk what may be there when the power comes back, and knows it as forced. */
  void powerCut(Random random) throws IOException {
    callsLeft = Integer.MAX_VALUE;
    int keptOfTen = random.nextInt(11);
    Map<Path, Inode> left = new HashMap<>(durableNames);
    for (Path changed : union(names, durableNames)) {
      if (names.get(changed) != durableNames.get(changed) && random.nextInt(10) < keptOfTen) {
        left.remove(changed);
        if (names.containsKey(changed)) {
          left.put(changed, names.get(changed));
        }
      }
    }
    for (Path gone : union(names, durableNames)) {
      Files.deleteIfExists(gone);
    }
    names.clear();
    for (Map.Entry<Path, Inode> file : left.entrySet()) {
      List<Change> kept =
          file.getValue().changes.stream()
              .filter(change -> random.nextInt(10) < keptOfTen)
              .toList();
      Inode inode = new Inode();
      inode.durable = after(file.getValue(), kept);
      Files.write(file.getKey(), inode.durable);
      names.put(file.getKey(), inode);
    }
    durableNames.clear();
    durableNames.putAll(names);
    opened.clear();
  }

  private static List<Path> union(Map<Path, Inode> some, Map<Path, Inode> others) {
    return java.util.stream.Stream.concat(some.keySet().stream(), others.keySet().stream())
        .distinct()
        .sorted()
        .toList();
  }
}
