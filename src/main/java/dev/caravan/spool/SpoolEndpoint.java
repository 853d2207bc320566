package dev.caravan.spool;

import dev.caravan.background.TriesAgain;
import java.io.IOException;
import java.util.stream.Stream;
import org.apache.camel.Category;
import org.apache.camel.Consumer;
import org.apache.camel.Processor;
import org.apache.camel.Producer;
import org.apache.camel.spi.Metadata;
import org.apache.camel.spi.UriEndpoint;
import org.apache.camel.spi.UriParam;
import org.apache.camel.spi.UriPath;
import org.apache.camel.support.DefaultEndpoint;

/** Keep exchanges on disk between two routes until the second one has delivered them. */
@UriEndpoint(
    firstVersion = "0.1.0",
    scheme = "spool",
    title = "Spool",
    syntax = "spool:name",
    category = {Category.CORE, Category.MESSAGING},
    headersClass = SpoolConstants.class)
public class SpoolEndpoint extends DefaultEndpoint implements TriesAgain {

  /** The name of the spool; its files are called after it. */
  @UriPath
  @Metadata(required = true)
  private final String name;

  @UriParam private final SpoolConfiguration configuration;

  SpoolEndpoint(
      String uri, SpoolComponent component, String name, SpoolConfiguration configuration) {
    super(uri, component);
    this.name = name;
    this.configuration = configuration;
  }

  @Override
  public Producer createProducer() {
    return new SpoolProducer(this);
  }

  @Override
  public Consumer createConsumer(Processor processor) throws Exception {
    SpoolConsumer consumer = new SpoolConsumer(this, processor);
    configureConsumer(consumer);
    return consumer;
  }

  Spool spool() throws IOException {
    return getComponent().open(name, configuration);
  }

  /** As the consumer's judge says, or, if it has none, any that the registry knows. */
  @Override
  public boolean untilItWorks(Throwable failure) {
    Failure.Judge own = configuration.getFailureJudge();
    Stream<Failure.Judge> judges =
        own == Failure.Judge.NONE
            ? getCamelContext().getRegistry().findByType(Failure.Judge.class).stream()
            : Stream.of(own);
    return judges.anyMatch(judge -> judge.judge(failure, "").kind() == Failure.Kind.LATER);
  }

  @Override
  public SpoolComponent getComponent() {
    return (SpoolComponent) super.getComponent();
  }

  public String getName() {
    return name;
  }

  public SpoolConfiguration getConfiguration() {
    return configuration;
  }
}
