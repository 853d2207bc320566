package dev.caravan.cli;

import dev.caravan.spool.SpoolComponent;
import dev.caravan.spool.SpoolStatus;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.List;
import org.apache.camel.CamelContext;
import org.apache.camel.quarkus.main.events.AfterStop;
import org.apache.camel.quarkus.main.events.BeforeStart;
import org.apache.camel.quarkus.main.events.BeforeStop;
import org.apache.camel.spi.CamelEvent;
import org.apache.camel.support.SimpleEventNotifierSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says what happens when the bridge is told to stop, and what it leaves for the next start. */
@ApplicationScoped
public class ShutdownLog {

  private static final Logger LOG = LoggerFactory.getLogger(ShutdownLog.class);

  private volatile String left = "";

  void begin(@Observes BeforeStart starting) {
    CamelContext context = starting.getCamelContext();
    SpoolComponent spools = context.getComponent("spool", SpoolComponent.class);
    context
        .getManagementStrategy()
        .addEventNotifier(
            new SimpleEventNotifierSupport() {
              @Override
              public void notify(CamelEvent event) {
                // The routes have ended, and the spools are still open
                if (event instanceof CamelEvent.CamelContextRoutesStoppedEvent) {
                  left = sentence(spools.statuses());
                }
              }
            });
  }

  void stopping(@Observes BeforeStop stop) {
    LOG.info(
        "Stopping as asked: the sockets are closed, and what was read goes on to Kafka for some"
            + " seconds. What Kafka has not taken by then stays on disk.");
  }

  void stopped(@Observes AfterStop stopped) {
    LOG.info("The bridge has ended. {}", left);
  }

  /** What waits in the spools. */
  static String sentence(List<SpoolStatus> statuses) {
    if (statuses.isEmpty()) {
      return "No spool was open; what lies in the data folder is as it was.";
    }
    long records =
        statuses.stream().mapToLong(status -> status.records() + status.parkedRecords()).sum();
    if (records == 0) {
      return "Nothing waits in the spools.";
    }
    return "%d records wait in the spools; they are sent to Kafka at the next start."
        .formatted(records);
  }
}
