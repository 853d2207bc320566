package dev.caravan.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.simulator.api.Call;
import dev.caravan.simulator.api.Routes;
import dev.caravan.simulator.centre.Json;
import dev.caravan.simulator.fault.Action;
import dev.caravan.simulator.fault.Fault;
import dev.caravan.simulator.fault.Scenario;
import dev.caravan.simulator.session.ApiError;
import dev.caravan.simulator.session.Channel;
import java.util.function.Function;

/** {@code /control}: what a test tells the stand-in, and asks of it. */
record ControlApi(World world, ActionRunner actions) {

  private static final int MOST_ENTRIES = 100_000;
  private static final int USUAL_ENTRIES = 1_000;

  void mount(Routes routes) {
    on(routes, "GET /control", this::overview);
    on(routes, "POST /control/actions", this::perform);
    on(routes, "POST /control/emit", this::emit);
    on(routes, "POST /control/scenario", this::play);
    on(routes, "GET /control/faults", this::faults);
    on(routes, "POST /control/faults", this::addFault);
    on(routes, "DELETE /control/faults", call -> done(world.faults()::clear));
    on(routes, "DELETE /control/faults/:id", this::removeFault);
    on(routes, "GET /control/ledger", this::ledger);
    on(routes, "DELETE /control/ledger", call -> done(world.ledger()::clear));
    on(routes, "GET /control/ledger/topics", call -> tree(world.ledger().sentByTopic()));
    on(routes, "GET /control/calls", this::calls);
    on(routes, "DELETE /control/calls", call -> done(world.calls()::clear));
    on(routes, "GET /control/channels", this::channels);
  }

  private static void on(Routes routes, String route, Function<Call, JsonNode> answer) {
    routes.answer(
        route,
        call -> {
          try {
            return answer.apply(call);
          } catch (IllegalArgumentException | IllegalStateException e) {
            throw ApiError.badRequest(
                String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
          }
        });
  }

  private static JsonNode done(Runnable deed) {
    deed.run();
    return Json.object();
  }

  private static JsonNode tree(Object value) {
    return Json.MAPPER.valueToTree(value);
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
            .put("topicsHeard", world.channels().heardTopics().size());
    overview.set("events", tree(world.ledger().outcomes()));
    return overview.put("bytesSent", world.ledger().bytesSent());
  }

  private JsonNode perform(Call call) {
    return Json.object().put("affected", actions.perform(Json.read(call.body(), Action.class)));
  }

  private JsonNode play(Call call) {
    Scenario scenario = Scenario.parse(call.text());
    actions.play(scenario);
    return Json.object()
        .put("name", scenario.name())
        .put("faults", scenario.faults().size())
        .put("steps", scenario.timeline().size());
  }

  private JsonNode emit(Call call) {
    if (!(call.body() instanceof ObjectNode body)) {
      throw new IllegalArgumentException("An event to emit is an object with a 'topicName'.");
    }
    Action emit = Json.read(body.put("type", "emit"), Action.class);
    return Json.object().put("channels", actions.perform(emit));
  }

  private JsonNode faults(Call call) {
    return Json.listing(
        world.faults().all().entrySet().stream()
            .map(
                fault -> {
                  ObjectNode entity = Json.object().put("id", fault.getKey());
                  entity.setAll((ObjectNode) tree(fault.getValue()));
                  return entity.put("struck", world.faults().struck(fault.getKey()));
                }));
  }

  private JsonNode addFault(Call call) {
    return Json.object().put("id", world.faults().add(Json.read(call.body(), Fault.class)));
  }

  private JsonNode removeFault(Call call) {
    if (!world.faults().remove(Integer.parseInt(call.path("id")))) {
      throw ApiError.notFound();
    }
    return Json.object();
  }

  private JsonNode ledger(Call call) {
    Ledger ledger = world.ledger();
    int channel = call.number("channel", 0);
    long since = call.number("since", 0);
    String topic = call.query("topic", "*");
    int limit = Math.min(Math.max(0, call.number("limit", USUAL_ENTRIES)), MOST_ENTRIES);
    ObjectNode answer =
        Json.object().put("written", ledger.written()).put("forgotten", ledger.forgotten());
    answer.set("outcomes", tree(ledger.outcomes()));
    answer.set(
        "entries",
        tree(
            ledger.entries(
                entry ->
                    entry.sequence() > since
                        && (channel == 0 || entry.channel() == channel)
                        && Globs.matches(topic, entry.topicName()),
                limit)));
    return answer;
  }

  private JsonNode calls(Call call) {
    ObjectNode answer = Json.object();
    answer.set("counts", tree(world.calls().counts()));
    answer.set("latest", tree(world.calls().latest()));
    return answer;
  }

  private JsonNode channels(Call call) {
    return Json.listing(world.channels().all().stream().map(ControlApi::channel));
  }

  private static ObjectNode channel(Channel channel) {
    ObjectNode entity =
        Json.object()
            .put("channel", channel.number())
            .put("client", channel.clientId())
            .put("token", channel.token().number())
            .put("expires", Json.time(channel.expires()))
            .put("connected", channel.connected());
    channel.topics().keySet().forEach(entity.putArray("topics")::add);
    return entity;
  }
}
