package dev.caravan.settings;

import io.smallrye.config.EnvConfigSource;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads variables from {@code .env} as Docker Compose reads the same file, in which a backslash
 * stands for itself unless it is in double quotes. Other than there, a dollar stands for itself,
 * too.
 */
final class DotEnv extends EnvConfigSource {

  /** Below the environment, above what is configured elsewhere. */
  private static final int ORDINAL = 295;

  private static final Pattern VARIABLE =
      Pattern.compile(
          "(?ms)^[ \\t]*(?:export[ \\t]+)?([A-Za-z_][\\w.-]*)[ \\t]*[=:][ \\t]*"
              + "(?:'((?:[^'\\\\]++|\\\\.)*+)'|\"((?:[^\"\\\\]++|\\\\.)*+)\"|([^\\n]*))");

  private static final Pattern ESCAPED = Pattern.compile("\\\\([nrt$\"\\\\])");

  private final String name;

  DotEnv(Map<String, String> values, Path file) {
    super(values, ORDINAL);
    this.name = "DotEnv[" + file + "]";
  }

  @Override
  public String getName() {
    return name;
  }

  /** What the file says; nothing if there is none. */
  static Map<String, String> read(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return Map.of();
    }
    String read = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    String text = withoutMark(read).replace("\r\n", "\n");
    Map<String, String> values = new LinkedHashMap<>();
    Matcher variables = VARIABLE.matcher(text);
    while (variables.find()) {
      values.put(variables.group(1), value(variables));
    }
    return values;
  }

  /** Editors of Windows put a mark of the byte order in front. */
  static String withoutMark(String text) {
    return text.startsWith("\uFEFF") ? text.substring(1) : text;
  }

  private static String value(Matcher variable) {
    if (variable.group(2) != null) {
      return variable.group(2).replace("\\'", "'");
    }
    if (variable.group(3) != null) {
      return ESCAPED.matcher(variable.group(3)).replaceAll(DotEnv::meant);
    }
    return variable.group(4).replaceFirst("\\s#.*", "").strip();
  }

  private static String meant(MatchResult escaped) {
    String meant = escaped.group(1);
    return Matcher.quoteReplacement(
        Map.of("n", "\n", "r", "\r", "t", "\t").getOrDefault(meant, meant));
  }
}
