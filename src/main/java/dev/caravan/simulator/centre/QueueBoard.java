package dev.caravan.simulator.centre;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Who waits in which queue, and the observations that follow from it. */
final class QueueBoard {

  private static final long OBSERVE_MILLIS = 1_000;

  private static final class Queue {
    private final Deque<Conversation> waiting = new ArrayDeque<>();
    private final Set<Conversation> present = new LinkedHashSet<>();
    private long lastWaitMillis;
    private int nextMember;
  }

  private final Organization organization;
  private final Agenda agenda;
  private final News news;
  private final List<Queue> queues = new ArrayList<>();
  private final BitSet dirty;
  private Staff staff;

  QueueBoard(Organization organization, Agenda agenda, News news) {
    this.organization = organization;
    this.agenda = agenda;
    this.news = news;
    organization.queues().forEach(queue -> queues.add(new Queue()));
    dirty = new BitSet(queues.size());
  }

  void begin(Staff theStaff) {
    staff = theStaff;
    agenda.in(OBSERVE_MILLIS, this::observe);
  }

  void enter(Conversation conversation) {
    Queue queue = queues.get(conversation.queue);
    queue.waiting.add(conversation);
    queue.present.add(conversation);
    dirty.set(conversation.queue);
  }

  /** Takes the conversation that has waited longest for this agent. */
  Optional<Conversation> next(Agent agent) {
    Queue longest = null;
    for (int index : agent.queues()) {
      Queue queue = queues.get(index);
      Conversation first = queue.waiting.peek();
      if (first != null
          && (longest == null || last(first).started < last(longest.waiting.element()).started)) {
        longest = queue;
      }
    }
    return longest == null ? Optional.empty() : Optional.of(longest.waiting.remove());
  }

  private static Party last(Conversation conversation) {
    return conversation.parties.get(conversation.parties.size() - 1);
  }

  /** A free agent of the queue, each in turn. */
  Optional<AgentState> freeMember(int queueIndex) {
    List<Integer> members = organization.queues().get(queueIndex).members();
    Queue queue = queues.get(queueIndex);
    for (int i = 0; i < members.size(); i++) {
      int at = (queue.nextMember + i) % members.size();
      AgentState state = staff.state(members.get(at));
      if (state.free()) {
        queue.nextMember = at + 1;
        return Optional.of(state);
      }
    }
    return Optional.empty();
  }

  /** Leaves the line without having been answered. */
  boolean giveUp(Conversation conversation) {
    return queues.get(conversation.queue).waiting.remove(conversation);
  }

  void answered(Conversation conversation, long waitedMillis) {
    queues.get(conversation.queue).lastWaitMillis = waitedMillis;
    dirty.set(conversation.queue);
  }

  void changed(Conversation conversation) {
    dirty.set(conversation.queue);
  }

  void changed(Agent agent) {
    agent.queues().forEach(dirty::set);
  }

  /** Has nothing more to do with its queue. */
  void left(Conversation conversation) {
    queues.get(conversation.queue).present.remove(conversation);
    dirty.set(conversation.queue);
  }

  int waiting(int queue) {
    return queues.get(queue).waiting.size();
  }

  /** What a queue holds of each medium that it holds any of. */
  private Map<Medium, StatisticsBody.Load> loads(int index) {
    Queue queue = queues.get(index);
    Map<Medium, int[]> counts = new EnumMap<>(Medium.class);
    for (Medium medium : Medium.values()) {
      counts.put(medium, new int[3]);
    }
    for (Conversation conversation : queue.present) {
      int[] count = counts.get(conversation.medium);
      conversation.observed().ifPresent(observed -> count[observed.ordinal()]++);
    }
    Map<Medium, StatisticsBody.Load> loads = new EnumMap<>(Medium.class);
    counts.forEach(
        (medium, count) ->
            loads.put(
                medium,
                new StatisticsBody.Load(
                    count[0],
                    count[1],
                    count[2],
                    medium == Medium.VOICE ? queue.lastWaitMillis : 0)));
    return loads;
  }

  private void observe() {
    for (int index = dirty.nextSetBit(0); index >= 0; index = dirty.nextSetBit(index + 1)) {
      publish(index);
    }
    dirty.clear();
    agenda.in(OBSERVE_MILLIS, this::observe);
  }

  private void publish(int index) {
    news.change();
    String queueId = organization.queues().get(index).id();
    String observations = "v2.analytics.queues." + queueId + ".observations";
    String activity = "v2.analytics.queues." + queueId + ".activity";
    if (!news.heard(observations) && !news.heard(activity)) {
      return;
    }
    for (ObjectNode body : observations(index)) {
      news.tell(observations, Body.of(() -> body));
    }
    int onQueue = 0;
    for (int member : organization.queues().get(index).members()) {
      onQueue += staff.state(member).routing() == AgentState.Routing.OFF_QUEUE ? 0 : 1;
    }
    ObjectNode told = StatisticsBody.activity(loads(index), onQueue);
    news.tell(activity, Body.of(() -> told));
  }

  /** What is observed of a queue now: by medium, and of its agents. */
  List<ObjectNode> observations(int index) {
    Named queue = organization.queues().get(index);
    long now = agenda.now();
    List<ObjectNode> bodies = new ArrayList<>();
    loads(index)
        .forEach(
            (medium, load) ->
                bodies.add(StatisticsBody.observations(queue.id(), medium, load, now)));
    Map<AgentState.Routing, Integer> byRouting = new EnumMap<>(AgentState.Routing.class);
    Map<Presence, Integer> byPresence = new EnumMap<>(Presence.class);
    for (int member : queue.members()) {
      byRouting.merge(staff.state(member).routing(), 1, Integer::sum);
      byPresence.merge(staff.state(member).presence(), 1, Integer::sum);
    }
    bodies.add(
        StatisticsBody.observations(
            queue.id(), byRouting, byPresence, queue.members().size(), now));
    return bodies;
  }
}
