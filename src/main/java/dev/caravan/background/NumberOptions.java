package dev.caravan.background;

import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.camel.CamelContext;
import org.apache.camel.spi.GeneratedPropertyConfigurer;
import org.apache.camel.spi.PropertyConfigurer;
import org.apache.camel.spi.PropertyConfigurerGetter;

/**
 * Sets the options of a component, and reads those that are numbers as they are meant: Camel takes
 * {@code 4m} for a count of milliseconds, and {@code 10MB} for 0. Sizes may have a unit; whatever
 * else is no number is refused.
 */
public final class NumberOptions implements GeneratedPropertyConfigurer, PropertyConfigurerGetter {

  private static final Pattern NUMBER =
      Pattern.compile("([-+]?\\d{1,18})(?:\\s*([KMGT])i?B)?", Pattern.CASE_INSENSITIVE);
  private static final Map<String, Integer> SHIFTS = Map.of("K", 10, "M", 20, "G", 30, "T", 40);

  private final PropertyConfigurer generated;
  private final PropertyConfigurerGetter types;

  private NumberOptions(PropertyConfigurer generated, PropertyConfigurerGetter types) {
    this.generated = generated;
    this.types = types;
  }

  /** The one that Camel's tool made, with numbers as they are meant. */
  public static PropertyConfigurer of(PropertyConfigurer generated) {
    return generated instanceof PropertyConfigurerGetter types
        ? new NumberOptions(generated, types)
        : generated;
  }

  @Override
  public boolean configure(
      CamelContext context, Object target, String name, Object value, boolean ignoreCase) {
    Class<?> type = types.getOptionType(name, ignoreCase);
    boolean isNumber = type == int.class || type == long.class;
    Object meant = isNumber && value instanceof String text ? number(name, text, type) : value;
    return generated.configure(context, target, name, meant, ignoreCase);
  }

  private static Object number(String option, String text, Class<?> type) {
    boolean isSize = option.toLowerCase(Locale.ROOT).endsWith("bytes");
    Matcher matcher = NUMBER.matcher(text.strip());
    if (matcher.matches() && (isSize || matcher.group(2) == null)) {
      int shift =
          matcher.group(2) == null ? 0 : SHIFTS.get(matcher.group(2).toUpperCase(Locale.ROOT));
      long written = Long.parseLong(matcher.group(1));
      long number = written << shift;
      if (number >> shift == written && (type == long.class || number == (int) number)) {
        return type == long.class ? (Object) number : (Object) (int) number;
      }
    }
    throw new IllegalArgumentException(
        "The option %s is \"%s\", but it must be a whole number%s."
            .formatted(
                option, text, isSize ? " of bytes, or one with KB, MB, GB or TB, as in 64MB" : ""));
  }

  @Override
  public Class<?> getOptionType(String name, boolean ignoreCase) {
    return types.getOptionType(name, ignoreCase);
  }

  @Override
  public Object getOptionValue(Object target, String name, boolean ignoreCase) {
    return types.getOptionValue(target, name, ignoreCase);
  }

  @Override
  public Object getCollectionValueType(Object target, String name, boolean ignoreCase) {
    return types.getCollectionValueType(target, name, ignoreCase);
  }

  @Override
  public String[] getAutowiredNames() {
    return types.getAutowiredNames();
  }
}
