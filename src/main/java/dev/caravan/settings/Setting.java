package dev.caravan.settings;

import java.util.Locale;
import java.util.Optional;

/**
 * Something that may be set: all that is known of it.
 *
 * @param name as a property; {@link #variable()} is what people write
 * @param meaning for the lists of settings, as a part of a sentence
 * @param shipped the value if nothing is said; empty if there is none, or if it follows from others
 * @param where who reads it
 */
public record Setting(
    String name,
    String meaning,
    String shipped,
    ValueType kind,
    HoldsUp holdsUp,
    boolean secret,
    Where where) {

  private static final int LONGEST_QUOTE = 100;

  /** What has to wait until a mistake in it is mended. */
  public enum HoldsUp {
    /** Nothing is read. */
    READING,
    /** Everything is read and spooled, nothing is sent: it could reach another cluster or topic. */
    SENDING,
    /** The default stands in for it. */
    NOTHING
  }

  /** Who reads it, and where people set it. */
  public enum Where {
    /** The bridge. */
    ANYWHERE,
    /** The bridge; the image for containers sets it itself. */
    FIXED_IN_THE_IMAGE,
    /** What starts the bridge: the launcher and the image. */
    LAUNCHER,
    /** The bridge; whoever sets it chooses a part of its name. */
    UNDER_A_NAME
  }

  Setting as(ValueType kind) {
    return as(kind, shipped);
  }

  Setting as(ValueType kind, String shipped) {
    return new Setting(name, meaning, shipped, kind, holdsUp, secret, where);
  }

  /** Its value is a secret, or next to one. */
  Setting hidden() {
    return new Setting(name, meaning, shipped, kind, holdsUp, true, where);
  }

  Setting at(Where place) {
    return new Setting(name, meaning, shipped, kind, holdsUp, secret, place);
  }

  /** The variable of the environment that sets it. */
  public String variable() {
    return variable(name);
  }

  /** The variable of the environment that sets a property. */
  public static String variable(String property) {
    return property.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
  }

  /** The name of a variable or a property as one of its kind is compared. */
  static String plain(String name) {
    return name.toLowerCase(Locale.ROOT).replace('_', '.').replace('-', '.');
  }

  /** What is wrong with a value; empty if nothing is. */
  Optional<String> mistake(String value) {
    if (kind.fits().test(value)) {
      return Optional.empty();
    }
    String is = secret ? "is no value that it may have" : "is \"" + quoted(value) + "\"";
    return Optional.of(
        "%s %s, but it must be %s. Correct it and restart."
            .formatted(variable(), is, kind.allowed()));
  }

  /** Short, on one line, and without a password that somebody put into an address. */
  static String quoted(String value) {
    String shown = value.replaceAll("//[^/@]*@", "//…@").replaceAll("\\p{Cntrl}", "?");
    return shown.length() > LONGEST_QUOTE ? shown.substring(0, LONGEST_QUOTE) + "…" : shown;
  }
}
