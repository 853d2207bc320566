package dev.caravan.routes;

import dev.caravan.command.CommandFailure;
import dev.caravan.kafka.IsolatingClientFactory;
import dev.caravan.kafka.KafkaFailures;
import io.quarkus.runtime.QuarkusBindException;
import java.io.IOException;
import java.net.BindException;
import java.nio.file.FileSystemException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.camel.FailedToCreateRouteException;
import org.apache.camel.PropertyBindingException;
import org.apache.camel.ResolveEndpointFailedException;
import org.apache.kafka.common.config.ConfigException;
import org.eclipse.microprofile.config.ConfigProvider;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;

/** For saying in one line why the bridge could not start, and where to mend it. */
public final class StartFailure {

  /** Camel puts options with their values into a URI and behind it, secrets included. */
  private static final Pattern UNKNOWN_OPTIONS = Pattern.compile("Unknown parameters=\\[\\{(.*)}]");

  private static final Pattern OPTION = Pattern.compile("(?:^|, )([\\w.-]+)=");
  private static final Pattern VALUE_IN_URI = Pattern.compile("([?&][\\w.-]+)=\\S*?(?=&|\\s|$)");

  // Camel tells the file only inside the text.
  private static final Pattern SOURCE = Pattern.compile("\\(source: ([^)]+)\\)");

  private StartFailure() {}

  public static String sentence(Throwable failure) {
    List<Throwable> causes = KafkaFailures.causes(failure);
    return first(causes, BindException.class)
        .map(StartFailure::portTaken)
        .or(() -> first(causes, CommandFailure.class).map(Throwable::getMessage))
        .or(() -> first(causes, MarkedYamlEngineException.class).map(StartFailure::brokenYaml))
        .or(() -> first(causes, ConfigException.class).map(IsolatingClientFactory::sentence))
        .or(() -> first(causes, FailedToCreateRouteException.class).map(StartFailure::brokenRoute))
        .or(() -> wrongOption(failure).map(what -> "The bridge could not start: " + withEnd(what)))
        .orElseGet(() -> "The bridge could not start: " + withEnd(rootMessage(failure)));
  }

  /** Only the port of health and metrics is listened on. */
  private static String portTaken(BindException e) {
    int port =
        e instanceof QuarkusBindException known
            ? known.getPort()
            : ConfigProvider.getConfig()
                .getOptionalValue("quarkus.management.port", Integer.class)
                .orElse(9876);
    return "The bridge could not start: port %d is in use by another program. End that program, or choose another port for health and metrics with CARAVAN_MANAGEMENT_PORT."
        .formatted(port);
  }

  private static String brokenYaml(MarkedYamlEngineException e) {
    String place =
        e.getProblemMark().or(e::getContextMark).map(StartFailure::place).orElse("a route file");
    String context = e.getContext() == null ? "" : " " + oneLine(e.getContext());
    return "Broken YAML in %s: %s%s.".formatted(place, oneLine(e.getProblem()), context);
  }

  /** Marks count from 0, people and editors from 1. */
  private static String place(Mark mark) {
    return "%s, line %d, column %d"
        .formatted(file(mark.getName()), mark.getLine() + 1, mark.getColumn() + 1);
  }

  private static String brokenRoute(FailedToCreateRouteException e) {
    String where = Optional.ofNullable(e.getLocation()).or(() -> source(e)).orElse("");
    return "Route %s%s cannot be built: %s"
        .formatted(
            e.getRouteId(),
            where.isEmpty() ? "" : " in " + file(where),
            withEnd(wrongOption(e).orElseGet(() -> rootMessage(e))));
  }

  private static Optional<String> wrongOption(Throwable failure) {
    List<Throwable> causes = KafkaFailures.causes(failure);
    return first(causes, PropertyBindingException.class)
        .filter(option -> option.getPropertyName() != null)
        .map(option -> option.getCause() == null ? unknown(option) : wrongValue(option))
        .or(
            () ->
                first(causes, ResolveEndpointFailedException.class).flatMap(StartFailure::unknown));
  }

  /** Without the value: where the name is misspelt, nobody knows whether it is a secret. */
  private static String unknown(PropertyBindingException e) {
    return "%s has no option %s"
        .formatted(e.getTarget().getClass().getSimpleName(), e.getPropertyName());
  }

  private static Optional<String> unknown(ResolveEndpointFailedException e) {
    Matcher options = UNKNOWN_OPTIONS.matcher(oneLine(String.valueOf(e.getMessage())));
    return options.find()
        ? Optional.of(
            "%s has no option %s; check how it is spelt"
                .formatted(
                    e.getUri().replaceFirst("\\?.*", ""),
                    OPTION
                        .matcher(options.group(1))
                        .results()
                        .map(option -> option.group(1))
                        // What looks like one may be part of a value
                        .filter(name -> e.getUri().matches(".*[?&]\\Q" + name + "\\E=.*"))
                        .collect(Collectors.joining(", "))))
        : Optional.empty();
  }

  /** Options lie in an endpoint, or in its configuration. */
  private static String wrongValue(PropertyBindingException e) {
    String words =
        Stream.of(e.getTarget().getClass().getMethods())
            .flatMap(
                method ->
                    method.getName().equals("getConfiguration")
                        ? Stream.of(method.getReturnType().getMethods())
                        : Stream.of(method))
            .filter(method -> method.getName().equalsIgnoreCase("set" + e.getPropertyName()))
            .flatMap(method -> Stream.of(method.getParameterTypes()))
            .filter(Class::isEnum)
            .flatMap(type -> Stream.of(type.getEnumConstants()))
            .map(word -> word.toString().toLowerCase(Locale.ROOT).replace('_', '-'))
            .collect(Collectors.joining(", "));
    return "the option %s cannot be \"%s\": %s"
        .formatted(
            e.getPropertyName(),
            e.getValue(),
            words.isEmpty() ? rootMessage(e) : "it is one of " + words);
  }

  private static Optional<String> source(FailedToCreateRouteException e) {
    Matcher source = SOURCE.matcher(String.valueOf(e.getMessage()));
    return source.find() ? Optional.of(source.group(1)) : Optional.empty();
  }

  private static String withEnd(String sentence) {
    return sentence.matches("(?s).*[.!?)]") ? sentence : sentence + ".";
  }

  private static String rootMessage(Throwable failure) {
    List<Throwable> causes = KafkaFailures.causes(failure);
    int root = causes.size() - 1;
    // "NoSuchFileException: /x" or "Is a directory" is no sentence; whoever caught it wrote one.
    if (root > 0
        && (causes.get(root) instanceof FileSystemException
            || causes.get(root) instanceof IOException && isSentence(causes.get(root - 1)))) {
      root--;
    }
    Throwable deepest = causes.get(root);
    // That of an error is the name of a class at best
    return deepest.getMessage() == null || deepest instanceof Error
        ? oneLine(deepest.toString())
        : oneLine(deepest.getMessage());
  }

  private static boolean isSentence(Throwable failure) {
    return failure instanceof IOException && String.valueOf(failure.getMessage()).endsWith(".");
  }

  private static String file(String location) {
    return location.replaceFirst("^file:(//)?", "");
  }

  private static String oneLine(String text) {
    String line = text.strip().replaceAll("\\s+", " ").replaceFirst(",? but got :$", "");
    return VALUE_IN_URI.matcher(line).replaceAll("$1=…");
  }

  private static <T> Optional<T> first(List<Throwable> causes, Class<T> type) {
    return causes.stream().filter(type::isInstance).map(type::cast).findFirst();
  }
}
