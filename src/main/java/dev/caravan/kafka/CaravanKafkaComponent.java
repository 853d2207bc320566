package dev.caravan.kafka;

import org.apache.camel.component.kafka.KafkaComponent;
import org.apache.camel.component.kafka.KafkaComponentConfigurer;
import org.apache.camel.component.kafka.KafkaEndpointConfigurer;
import org.apache.camel.spi.PropertyConfigurer;

/** The component {@code kafka:} with the beans that the shipped routes name. */
public final class CaravanKafkaComponent extends KafkaComponent {

  // Camel would look for those of this class
  private final PropertyConfigurer options = new KafkaComponentConfigurer();
  private final PropertyConfigurer endpointOptions = new KafkaEndpointConfigurer();

  @Override
  public PropertyConfigurer getComponentPropertyConfigurer() {
    return options;
  }

  @Override
  public PropertyConfigurer getEndpointPropertyConfigurer() {
    return endpointOptions;
  }

  @Override
  protected void doStart() throws Exception {
    super.doStart();
    getCamelContext().getRegistry().bind("kafkaFailures", new KafkaFailures());
    DeadLetterFiles files = new DeadLetterFiles();
    files.setFolder(
        getCamelContext().resolvePropertyPlaceholders("{{caravan.data.dir:./data}}/dead-letters"));
    getCamelContext().getRegistry().bind("deadLetterFiles", files);
  }
}
