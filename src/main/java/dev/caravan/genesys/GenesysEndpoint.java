package dev.caravan.genesys;

import dev.caravan.genesys.backfill.GapsConsumer;
import dev.caravan.genesys.connect.CamelChannelOpener;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.apache.camel.Category;
import org.apache.camel.Consumer;
import org.apache.camel.Processor;
import org.apache.camel.Producer;
import org.apache.camel.spi.Metadata;
import org.apache.camel.spi.UriEndpoint;
import org.apache.camel.spi.UriParam;
import org.apache.camel.spi.UriPath;
import org.apache.camel.support.DefaultEndpoint;

/** Receive notifications from Genesys Cloud over its Notification API. */
@UriEndpoint(
    firstVersion = "0.1.0",
    scheme = "genesys",
    title = "Genesys Cloud",
    syntax = "genesys:operation",
    category = {Category.MESSAGING, Category.SAAS},
    headersClass = GenesysConstants.class)
public class GenesysEndpoint extends DefaultEndpoint {

  public enum Operation {
    /** Consumer: one exchange per notification. */
    NOTIFICATIONS,
    /** Consumer: one exchange per thing the connection went through. */
    SIGNALS,
    /** Consumer: what is to be read again after a gap. */
    GAPS,
    /** Producer: opens the socket of a channel, in a control route. */
    CONNECT;

    static Operation of(String name) {
      try {
        return valueOf(name.toUpperCase(Locale.ROOT));
      } catch (IllegalArgumentException e) {
        String all =
            Arrays.stream(values())
                .map(operation -> "genesys:" + operation.name().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(", "));
        throw new IllegalArgumentException("genesys:" + name + " is unknown. There are: " + all, e);
      }
    }
  }

  @UriPath(description = "What the endpoint does", enums = "notifications,signals,gaps,connect")
  @Metadata(required = true)
  private final Operation operation;

  @UriParam private final GenesysConfiguration configuration;

  GenesysEndpoint(
      String uri,
      GenesysComponent component,
      Operation operation,
      GenesysConfiguration configuration) {
    super(uri, component);
    this.operation = operation;
    this.configuration = configuration;
  }

  public GenesysConfiguration getConfiguration() {
    return configuration;
  }

  public GenesysComponent component() {
    return (GenesysComponent) getComponent();
  }

  /** Where events come from: the value of {@code ce_source}. */
  String source() {
    return configuration.getSource() != null
        ? configuration.getSource()
        : getCamelContext()
            .resolvePropertyPlaceholders("{{genesys.api.url:https://api.mypurecloud.com}}");
  }

  @Override
  public Consumer createConsumer(Processor processor) throws Exception {
    Consumer consumer =
        switch (operation) {
          case NOTIFICATIONS -> new NotificationsConsumer(this, processor);
          case SIGNALS -> new SignalsConsumer(this, processor);
          case GAPS -> new GapsConsumer(this, processor);
          case CONNECT ->
              throw new IllegalArgumentException(
                  "genesys:connect is a step (to:), not a source (from:). To receive"
                      + " notifications, use from: genesys:notifications.");
        };
    configureConsumer(consumer);
    return consumer;
  }

  @Override
  public Producer createProducer() {
    if (operation != Operation.CONNECT) {
      throw new IllegalArgumentException(
          getEndpointUri() + " is a source (from:), not a step (to:).");
    }
    return CamelChannelOpener.producer(this);
  }
}
