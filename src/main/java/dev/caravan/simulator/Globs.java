package dev.caravan.simulator;

import java.util.regex.Pattern;

/** Patterns in which {@code *} stands for anything. */
public final class Globs {

  private Globs() {}

  public static boolean matches(String glob, String text) {
    return glob.equals("*") || compile(glob).matcher(text).matches();
  }

  public static Pattern compile(String glob) {
    return Pattern.compile(Pattern.quote(glob).replace("*", "\\E.*\\Q"), Pattern.CASE_INSENSITIVE);
  }
}
