package dev.caravan.frame;

import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The media a conversation can run over, under the names that headers and Kafka topics use. */
public enum Media {
  VOICE,
  CHAT,
  EMAIL,
  MESSAGE,
  CALLBACK,
  COBROWSE,
  SCREENSHARE,
  SOCIAL,
  VIDEO,
  WORKITEM,
  INTERNALMESSAGE,
  SCREENMONITORING,
  UNKNOWN;

  private static final Media[] VALUES = values();
  private static final Map<String, Media> BY_WIRE =
      Arrays.stream(VALUES).collect(Collectors.toUnmodifiableMap(Media::wire, Function.identity()));

  private final String wire = name().toLowerCase(Locale.ROOT);
  private final String stream = "conversations." + wire;
  private final Set<Media> alone = Set.of(this);

  /** The lower-case name, as in headers, filters and Kafka topic names. */
  public String wire() {
    return wire;
  }

  /** The Kafka topic suffix of conversation events whose primary medium this is. */
  public String stream() {
    return stream;
  }

  /**
   * Reads a name of any case, as {@code mediaType} fields carry it; what is new to us is UNKNOWN.
   */
  public static Media named(String name) {
    Media exact = BY_WIRE.get(name);
    return exact != null ? exact : BY_WIRE.getOrDefault(name.toLowerCase(Locale.ROOT), UNKNOWN);
  }

  /** The media of the bits set in {@code bits}, in the order of this enum. */
  static Set<Media> ofBits(int bits) {
    if (bits == 0) {
      return Set.of();
    }
    if (Integer.bitCount(bits) == 1) {
      return VALUES[Integer.numberOfTrailingZeros(bits)].alone;
    }
    EnumSet<Media> set = EnumSet.noneOf(Media.class);
    for (Media medium : VALUES) {
      if ((bits & medium.bit()) != 0) {
        set.add(medium);
      }
    }
    return Collections.unmodifiableSet(set);
  }

  int bit() {
    return 1 << ordinal();
  }

  @Override
  public String toString() {
    return wire;
  }
}
