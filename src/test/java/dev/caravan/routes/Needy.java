package dev.caravan.routes;

import java.util.Map;
import org.apache.camel.Consumer;
import org.apache.camel.Endpoint;
import org.apache.camel.Processor;
import org.apache.camel.Producer;
import org.apache.camel.support.DefaultComponent;
import org.apache.camel.support.DefaultConsumer;
import org.apache.camel.support.DefaultEndpoint;

/** For routes that start only when what they need is there. */
final class Needy extends DefaultComponent {

  /** Waits or throws while it is not. */
  interface Need {
    void await() throws Exception;
  }

  private final Need need;

  Needy(Need need) {
    this.need = need;
  }

  @Override
  protected Endpoint createEndpoint(String uri, String remaining, Map<String, Object> options) {
    return new DefaultEndpoint(uri, this) {
      @Override
      public Producer createProducer() {
        throw new UnsupportedOperationException();
      }

      @Override
      public Consumer createConsumer(Processor processor) {
        return new DefaultConsumer(this, processor) {
          @Override
          protected void doStart() throws Exception {
            need.await();
            super.doStart();
          }
        };
      }
    };
  }
}
