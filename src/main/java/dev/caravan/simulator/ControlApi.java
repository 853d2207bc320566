package dev.caravan.simulator;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.simulator.api.Call;
import dev.caravan.simulator.centre.Json;
import dev.caravan.simulator.fault.Action;
import dev.caravan.simulator.fault.Fault;
import dev.caravan.simulator.fault.Scenario;
import dev.caravan.simulator.session.ApiError;
import dev.caravan.simulator.session.Channel;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;

/** {@code /control}: what a test tells the stand-in, and asks of it. */
final class ControlApi {

  private static final int MOST_ENTRIES = 100_000;
  private static final int USUAL_ENTRIES = 1_000;

  private final World world;
  private final ActionRunner actions;

  ControlApi(World world, ActionRunner actions) {
    this.world = world;
    this.actions = actions;
  }

  void mount(Router router) {
    router.get("/control").handler(answering(this::overview));
    router.post("/control/actions").handler(answering(this::action));
    router.post("/control/scenario").handler(answering(this::play));
    router.post("/control/emit").handler(answering(this::emit));
    router.get("/control/faults").handler(answering(this::faults));
    router.post("/control/faults").handler(answering(this::addFault));
    router.delete("/control/faults").handler(answering(this::clearFaults));
    router.delete("/control/faults/:id").handler(answering(this::removeFault));
    router.get("/control/ledger").handler(answering(this::ledger));
    router.get("/control/ledger/topics").handler(answering(this::topics));
    router.delete("/control/ledger").handler(answering(this::clearLedger));
    router.get("/control/calls").handler(answering(this::calls));
    router.delete("/control/calls").handler(answering(this::clearCalls));
    router.get("/control/channels").handler(answering(this::channels));
  }

  private interface Question {
    JsonNode ask(Call call) throws JsonProcessingException;
  }

  private static io.vertx.core.Handler<RoutingContext> answering(Question question) {
    return context -> {
      Call call = Call.of(context);
      try {
        call.answer(question.ask(call));
      } catch (JsonProcessingException | IllegalArgumentException | IllegalStateException e) {
        call.answer(ApiError.badRequest(firstLine(e)));
      }
    };
  }

  private static String firstLine(Exception e) {
    Throwable cause = e.getCause() instanceof IllegalArgumentException reason ? reason : e;
    return String.valueOf(cause.getMessage()).lines().findFirst().orElse("The request is wrong.");
  }

  private JsonNode overview(Call call) {
    ObjectNode overview =
        Json.object()
            .put("time", Json.time(world.clock().now()))
            .put("agents", world.organization().agents().size())
            .put("queues", world.organization().queues().size())
            .put("tokensIssued", world.tokens().issued())
            .put("channels", world.channels().all().size())
            .put("sockets", world.sockets().at(Action.Target.ALL).size())
            .put("socketsOpened", world.sockets().opened())
            .put("topicsHeard", world.subscriptions().heardTopics().size());
    overview.set("events", Json.MAPPER.valueToTree(world.ledger().outcomes()));
    return overview.put("bytesSent", world.ledger().bytesSent());
  }

  private JsonNode action(Call call) throws JsonProcessingException {
    Action action = Json.MAPPER.treeToValue(call.body(), Action.class);
    return Json.object().put("affected", actions.perform(action));
  }

  private JsonNode play(Call call) {
    Scenario scenario = Scenario.parse(call.text());
    actions.play(scenario);
    return Json.object()
        .put("name", scenario.name())
        .put("faults", scenario.faults().size())
        .put("steps", scenario.timeline().size());
  }

  private JsonNode emit(Call call) throws JsonProcessingException {
    if (!(call.body() instanceof ObjectNode body)) {
      throw new IllegalArgumentException("An event to emit is an object with a 'topicName'.");
    }
    Action emit = Json.MAPPER.treeToValue(body.put("type", "emit"), Action.class);
    return Json.object().put("channels", actions.perform(emit));
  }

  private JsonNode faults(Call call) {
    ObjectNode listing = Json.object();
    ArrayNode entities = listing.putArray("entities");
    world
        .faults()
        .all()
        .forEach(
            (id, fault) -> {
              ObjectNode entity = Json.object().put("id", id);
              entity.setAll((ObjectNode) Json.MAPPER.valueToTree(fault));
              entities.add(entity.put("struck", world.faults().struck(id)));
            });
    return listing;
  }

  private JsonNode addFault(Call call) throws JsonProcessingException {
    Fault fault = Json.MAPPER.treeToValue(call.body(), Fault.class);
    return Json.object().put("id", world.faults().add(fault));
  }

  private JsonNode clearFaults(Call call) {
    world.faults().clear();
    return Json.object();
  }

  private JsonNode removeFault(Call call) {
    if (!world.faults().remove(Integer.parseInt(call.path("id")))) {
      throw ApiError.notFound().thrown();
    }
    return Json.object();
  }

  private JsonNode ledger(Call call) {
    Ledger ledger = world.ledger();
    int channel = call.number("channel", 0);
    long since = call.number("since", 0);
    String topic = call.query("topic", "*");
    int limit = Math.min(call.number("limit", USUAL_ENTRIES), MOST_ENTRIES);
    ObjectNode answer =
        Json.object().put("written", ledger.written()).put("forgotten", ledger.forgotten());
    answer.set("outcomes", Json.MAPPER.valueToTree(ledger.outcomes()));
    answer.set(
        "entries",
        Json.MAPPER.valueToTree(
            ledger.entries(
                entry ->
                    entry.sequence() > since
                        && (channel == 0 || entry.channel() == channel)
                        && Globs.matches(topic, entry.topicName()),
                limit)));
    return answer;
  }

  private JsonNode topics(Call call) {
    return Json.MAPPER.valueToTree(world.ledger().sentByTopic());
  }

  private JsonNode clearLedger(Call call) {
    world.ledger().clear();
    return Json.object();
  }

  private JsonNode calls(Call call) {
    ObjectNode answer = Json.object();
    answer.set("counts", Json.MAPPER.valueToTree(world.calls().counts()));
    answer.set("latest", Json.MAPPER.valueToTree(world.calls().latest()));
    return answer;
  }

  private JsonNode clearCalls(Call call) {
    world.calls().clear();
    return Json.object();
  }

  private JsonNode channels(Call call) {
    ObjectNode listing = Json.object();
    ArrayNode entities = listing.putArray("entities");
    for (Channel channel : world.channels().all()) {
      ObjectNode entity =
          Json.object()
              .put("channel", channel.number())
              .put("client", channel.clientId())
              .put("token", channel.token().number())
              .put("expires", Json.time(channel.expires()))
              .put("connected", channel.connected());
      channel.topics().keySet().forEach(entity.putArray("topics")::add);
      entities.add(entity);
    }
    return listing;
  }
}
