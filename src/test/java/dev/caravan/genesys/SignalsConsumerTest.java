package dev.caravan.genesys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import dev.caravan.channel.Replica;
import dev.caravan.channel.gap.Gap;
import dev.caravan.channel.gap.GapLedger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.component.mock.MockEndpoint;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SignalsConsumerTest {

  private static final Instant FROM = Instant.parse("2026-11-21T17:00:00.131Z");
  private static final Signal CONNECTED = Signal.of("CONNECTED").shard(2).sentence("Connected.");

  private final DefaultCamelContext context = new DefaultCamelContext();
  private GenesysComponent genesys;
  private MockEndpoint told;
  private volatile boolean refuses;

  @BeforeEach
  void open(@TempDir Path folder) throws Exception {
    Properties settings = new Properties();
    settings.setProperty("caravan.data.dir", folder.toString());
    settings.setProperty("genesys.api.url", "https://api.mypurecloud.ie");
    context.getPropertiesComponent().setOverrideProperties(settings);
    context.addRoutes(
        new RouteBuilder() {
          @Override
          public void configure() {
            from("genesys:signals").to("mock:told").filter(exchange -> refuses).markRollbackOnly();
          }
        });
    context.start();
    genesys = context.getComponent("genesys", GenesysComponent.class);
    told = context.getEndpoint("mock:told", MockEndpoint.class);
  }

  @AfterEach
  void close() {
    context.stop();
  }

  private static Signal gap(String sentence) {
    return Signal.of("GAP")
        .shard(0)
        .cause("dropped")
        .from(FROM)
        .to(FROM.plusSeconds(3))
        .gap("g-1")
        .count(2)
        .topics(Map.of("v2.users.{id}.presence", 2))
        .sentence(sentence);
  }

  private List<Message> tell(Signal... signals) throws InterruptedException {
    told.expectedMessageCount(signals.length);
    for (int i = 0; i < signals.length; i++) {
      genesys.signals().publish(signals[i]);
      int so = i + 1;
      await().until(() -> told.getReceivedCounter() == so);
    }
    told.assertIsSatisfied();
    return told.getReceivedExchanges().stream().map(Exchange::getMessage).toList();
  }

  private List<Object> ids(Signal... signals) throws InterruptedException {
    return tell(signals).stream().map(message -> message.getHeader("ce_id")).toList();
  }

  @Test
  void aSignalIsACloudEvent() throws Exception {
    Message message = tell(CONNECTED).get(0);

    assertThat(message.getHeader("ce_id", String.class)).matches("[0-9a-f]{32}");
    assertThat(Instant.parse(message.getHeader("ce_time", String.class)))
        .isBeforeOrEqualTo(Instant.now());
    assertThat(message.getHeaders())
        .containsEntry("ce_specversion", "1.0")
        .containsEntry("ce_source", "https://api.mypurecloud.ie")
        .containsEntry("ce_type", "dev.caravan.signal.CONNECTED")
        .containsEntry("ce_subject", "2")
        .containsEntry("content-type", "application/json")
        .containsEntry(GenesysConstants.KEY, "2");
  }

  @Test
  void whatHappensTwiceIsTwoEvents() throws Exception {
    assertThat(ids(CONNECTED, CONNECTED)).doesNotHaveDuplicates();
  }

  @Test
  void aGapThatIsToldAgainIsTheSameEventAndWhatCameOfItAnother() throws Exception {
    Signal filled =
        Signal.of("BACKFILLED")
            .shard(0)
            .cause("dropped")
            .from(FROM)
            .to(FROM.plusSeconds(3))
            .gap("g-1")
            .backfilled("yes")
            .sentence("Read again.");

    List<Object> ids = ids(gap("Blind."), gap("Blind."), filled, gap("Blinder."));

    assertThat(ids.get(1)).isEqualTo(ids.get(0));
    assertThat(List.of(ids.get(0), ids.get(2), ids.get(3))).doesNotHaveDuplicates();
  }

  @Test
  void aGapWhoseSignalIsRolledBackIsToldAgain() throws Exception {
    refuses = true;
    genesys.ledger().lost("dropped", FROM, FROM.plusSeconds(3), 2);
    Gap gap = genesys.ledger().unreported().get(0);

    tell(Signal.of("GAP").shard(0).gap(gap.id()).sentence("Blind."), CONNECTED);

    assertThat(genesys.ledger().unreported()).containsExactly(gap);
  }

  @Test
  void aGapThatIsToldWhileTheRouteThatFillsItIsStoppedIsFilledLater() throws Exception {
    context.addRoutes(
        new RouteBuilder() {
          @Override
          public void configure() {
            from("genesys:gaps").routeId("backfill").to("mock:filled");
          }
        });
    context.getRouteController().stopRoute("backfill");
    Gap gap = gapThatIsOver();

    tell(Signal.of("GAP").shard(0).gap(gap.id()).sentence("Blind."), CONNECTED);

    assertThat(genesys.ledger().unreported()).isEmpty();
    assertThat(genesys.ledger().notBackfilled()).containsExactly(gap);
  }

  @Test
  void aGapThatNoRouteFillsIsDoneWithOnceItIsTold() throws Exception {
    Gap gap = gapThatIsOver();

    tell(Signal.of("GAP").shard(0).gap(gap.id()).sentence("Blind."), CONNECTED);

    assertThat(genesys.ledger().unreported()).isEmpty();
    assertThat(genesys.ledger().notBackfilled()).isEmpty();
  }

  private Gap gapThatIsOver() {
    GapLedger ledger = genesys.ledger();
    Replica replica = new Replica("receive", 0, 0);
    ledger.started("receive");
    ledger.wanted("receive", List.of("v2.users.a.presence"));
    ledger.reading(replica, FROM, List.of("v2.users.a.presence"), "dropped");
    ledger.blind(replica, FROM.plusSeconds(20), "dropped");
    ledger.reading(replica, FROM.plusSeconds(30), List.of("v2.users.a.presence"), "dropped");
    return ledger.unreported().get(0);
  }

  @Test
  void aSignalHasTheFieldsOfTheSchema() throws Exception {
    ObjectMapper json = new ObjectMapper();
    JsonNode text = json.readTree(Files.readString(Path.of("docs/signals.schema.json")));
    JsonSchema schema =
        JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012).getSchema(text);

    for (Message message : tell(CONNECTED, gap("Blind."))) {
      assertThat(schema.validate(json.readTree(message.getBody(byte[].class)))).isEmpty();
    }
    assertThat(text.path("properties").fieldNames())
        .toIterable()
        .containsExactlyElementsOf(
            Arrays.stream(Signal.class.getRecordComponents()).map(c -> c.getName()).toList());
  }
}
