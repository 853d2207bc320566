package dev.caravan.simulator.centre;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Deque;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Who waits in which queue, and the observations that follow from it. */
final class QueueBoard {

  private static final long OBSERVE_MILLIS = 1_000;

  private static final class Queue {
    private final Deque<Conversation> waiting = new ArrayDeque<>();
    private final Set<Conversation> present = new LinkedHashSet<>();
    private long lastWaitMillis;
    private int nextMember;
  }

  private final Schedule schedule;
  private final EventEmitter emitter;
  private final List<AgentState> agents;
  private final List<Entity> names;
  private final List<Queue> queues;
  private final BitSet dirty = new BitSet();

  QueueBoard(
      List<Entity> queues, List<AgentState> agents, Schedule schedule, EventEmitter emitter) {
    this.schedule = schedule;
    this.emitter = emitter;
    this.agents = agents;
    names = queues;
    this.queues = Stream.generate(Queue::new).limit(queues.size()).toList();
    schedule.in(OBSERVE_MILLIS, this::observe);
  }

  private Queue of(Conversation conversation) {
    return queues.get(conversation.queue.index());
  }

  void enter(Conversation conversation) {
    Queue queue = of(conversation);
    queue.waiting.add(conversation);
    queue.present.add(conversation);
    changed(conversation);
  }

  /** Takes the conversation that has waited longest for this agent. */
  Optional<Conversation> next(Agent agent) {
    return agent.queues().stream()
        .map(served -> queues.get(served.index()).waiting)
        .filter(waiting -> !waiting.isEmpty())
        .min(Comparator.comparingLong(waiting -> last(waiting.element()).started))
        .map(Deque::remove);
  }

  private static Participant last(Conversation conversation) {
    return conversation.parties.get(conversation.parties.size() - 1);
  }

  /** A free agent of the queue, each in turn. */
  Optional<AgentState> freeMember(Entity named) {
    List<Integer> members = named.members();
    Queue queue = queues.get(named.index());
    for (int i = 0; i < members.size(); i++) {
      int at = (queue.nextMember + i) % members.size();
      AgentState state = agents.get(members.get(at));
      if (state.free()) {
        queue.nextMember = at + 1;
        return Optional.of(state);
      }
    }
    return Optional.empty();
  }

  /** Leaves the line without having been answered. */
  boolean giveUp(Conversation conversation) {
    return of(conversation).waiting.remove(conversation);
  }

  void answered(Conversation conversation, long waitedMillis) {
    of(conversation).lastWaitMillis = waitedMillis;
    changed(conversation);
  }

  void changed(Conversation conversation) {
    dirty.set(conversation.queue.index());
  }

  void changed(Agent agent) {
    agent.queues().forEach(queue -> dirty.set(queue.index()));
  }

  /** Has nothing more to do with its queue. */
  void left(Conversation conversation) {
    of(conversation).present.remove(conversation);
    changed(conversation);
  }

  int waiting(int queue) {
    return queues.get(queue).waiting.size();
  }

  /** What a queue holds of each medium, by {@link Conversation.Observed}. */
  private Map<Medium, int[]> counts(int index) {
    Map<Medium, int[]> counts = new EnumMap<>(Medium.class);
    for (Medium medium : Medium.values()) {
      counts.put(medium, new int[Conversation.Observed.values().length]);
    }
    for (Conversation conversation : queues.get(index).present) {
      int[] count = counts.get(conversation.medium);
      conversation.observed().ifPresent(observed -> count[observed.ordinal()]++);
    }
    return counts;
  }

  private void observe() {
    dirty.stream().forEach(this::publish);
    dirty.clear();
    schedule.in(OBSERVE_MILLIS, this::observe);
  }

  private void publish(int index) {
    emitter.change();
    String analytics = "v2.analytics.queues." + names.get(index).id();
    if (!emitter.heard(analytics + ".observations") && !emitter.heard(analytics + ".activity")) {
      return;
    }
    observations(index).forEach(body -> emitter.tell(analytics + ".observations", () -> body));
    long onQueue =
        names.get(index).members().stream()
            .filter(member -> agents.get(member).routing() != AgentState.Routing.OFF_QUEUE)
            .count();
    emitter.tell(analytics + ".activity", () -> activity(counts(index), onQueue));
  }

  private static ObjectNode activity(Map<Medium, int[]> counts, long onQueue) {
    ObjectNode body = Json.object();
    ArrayNode results = body.putArray("results");
    counts.forEach(
        (medium, count) -> {
          ArrayNode data = results.addObject().put("mediaType", medium.lower()).putArray("data");
          data.addObject().put("metric", "oWaiting").put("count", count[0]);
          data.addObject().put("metric", "oInteracting").put("count", count[2]);
        });
    ArrayNode agents = results.addObject().putArray("data");
    agents.addObject().put("metric", "oOnQueueUsers").put("count", onQueue);
    return body;
  }

  /** What is observed of a queue now: by medium, and of its agents. */
  List<ObjectNode> observations(int index) {
    List<ObjectNode> bodies = new ArrayList<>();
    counts(index).forEach((medium, counts) -> bodies.add(observation(index, medium, counts)));
    bodies.add(ofAgents(names.get(index)));
    return bodies;
  }

  private ObjectNode observation(int index, Medium medium, int[] counts) {
    Queue queue = queues.get(index);
    ObjectNode body = Json.object();
    body.putObject("group").put("queueId", names.get(index).id()).put("mediaType", medium.lower());
    ArrayNode metrics = StatisticsBody.metrics(body, schedule.now());
    for (Conversation.Observed observed : Conversation.Observed.values()) {
      count(metrics.addObject().put("metric", observed.metric), counts[observed.ordinal()]);
    }
    if (medium == Medium.VOICE && queue.lastWaitMillis > 0) {
      StatisticsBody.once(metrics, "tWait", queue.lastWaitMillis);
    }
    return body;
  }

  private ObjectNode ofAgents(Entity queue) {
    Map<AgentState.Routing, Integer> byRouting = new EnumMap<>(AgentState.Routing.class);
    Map<Presence, Integer> byPresence = new EnumMap<>(Presence.class);
    for (int member : queue.members()) {
      byRouting.merge(agents.get(member).routing(), 1, Integer::sum);
      byPresence.merge(agents.get(member).presence(), 1, Integer::sum);
    }
    ObjectNode body = Json.object();
    body.putObject("group").put("queueId", queue.id());
    ArrayNode metrics = StatisticsBody.metrics(body, schedule.now());
    byRouting.forEach(
        (routing, count) -> count(metrics, "oUserRoutingStatuses", routing.name(), count));
    byPresence.forEach(
        (presence, count) -> count(metrics, "oUserPresences", presence.definitionId(), count));
    int members = queue.members().size();
    int offQueue = byRouting.getOrDefault(AgentState.Routing.OFF_QUEUE, 0);
    int away = byPresence.getOrDefault(Presence.OFFLINE, 0);
    count(metrics.addObject().put("metric", "oMemberUsers"), members);
    count(metrics.addObject().put("metric", "oOffQueueUsers"), offQueue);
    count(metrics.addObject().put("metric", "oOnQueueUsers"), members - offQueue);
    count(metrics.addObject().put("metric", "oActiveUsers"), members - away);
    return body;
  }

  private static void count(ArrayNode metrics, String metric, String qualifier, int count) {
    count(metrics.addObject().put("metric", metric).put("qualifier", qualifier), count);
  }

  private static void count(ObjectNode metric, int count) {
    metric.putObject("stats").put("count", count);
  }
}
