package dev.caravan.simulator.centre;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;

/**
 * A contact centre's day. Everything in it follows from the seed and the passing of time; whether
 * anybody listens changes nothing.
 */
public final class Day {

  private static final double HOUR_MILLIS = 3_600_000;
  private static final long YEAR_MILLIS = 365L * 24 * 3_600_000;

  private final Organization organization;
  private final List<AgentState> agents;
  private final Schedule schedule;
  private final Chance chance;
  private final QueueBoard board;
  private final Conversations conversations;
  private final double arrivalsPerHour;

  /**
   * Opens the centre.
   *
   * @param seed what everything is drawn from
   * @param conversationsPerAgentHour how busy it is; 0 for no conversations
   * @param startMillis when its day begins
   */
  public Day(
      Organization organization,
      long seed,
      double conversationsPerAgentHour,
      long startMillis,
      EventSink sink) {
    this.organization = organization;
    schedule = new Schedule(startMillis);
    chance = new Chance(seed);
    agents =
        organization.agents().stream().map(agent -> new AgentState(agent, startMillis)).toList();
    EventEmitter emitter = new EventEmitter(schedule, sink, seed);
    board = new QueueBoard(organization.queues(), agents, schedule, emitter);
    Staff staff = new Staff(agents, schedule, chance, emitter, board, this::serve);
    conversations =
        new Conversations(organization, agents, schedule, chance, emitter, board, staff);
    arrivalsPerHour = organization.agents().size() * conversationsPerAgentHour;
    if (arrivalsPerHour > 0) {
      schedule.in(nextArrival(), this::arrive);
    }
  }

  private void serve(AgentState free) {
    conversations.serve(free);
  }

  private void arrive() {
    // the queue of a random agent: queues with more agents get more customers
    conversations.arrive(chance.one(chance.one(organization.agents()).queues()));
    schedule.in(nextArrival(), this::arrive);
  }

  private long nextArrival() {
    return 1 + Math.min(YEAR_MILLIS, chance.exponential(HOUR_MILLIS / arrivalsPerHour));
  }

  /** What time it is in the centre. */
  public long now() {
    return schedule.now();
  }

  /** Lets so many things happen that are due until then; says whether those were all. */
  public boolean runUntil(long millis, int most) {
    return schedule.runUntil(millis, most);
  }

  /** Lets the next thing happen, however long until it is due. */
  public void runNext() {
    schedule.runNext();
  }

  /** What an agent is doing. */
  public AgentState agent(int index) {
    return agents.get(index);
  }

  /** Conversations going on, and the last ones that ended. */
  public List<Conversation> conversations() {
    return conversations.all();
  }

  /** A conversation that is going on or ended not long ago. */
  public Optional<Conversation> conversation(String id) {
    return conversations.find(id);
  }

  /** How many conversations wait in a queue. */
  public int waiting(int queue) {
    return board.waiting(queue);
  }

  /** What is observed of a queue now, as its topic would tell it. */
  public List<ObjectNode> observations(int queue) {
    return board.observations(queue);
  }

  /** How many things are planned; stays within what agents and conversations need. */
  public int planned() {
    return schedule.size();
  }
}
