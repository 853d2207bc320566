package dev.caravan.simulator.centre;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The people, queues and groups of the contact centre, drawn from a seed. */
public final class Organization {

  private static final String[] QUEUES =
      "Sales Support Billing Claims Orders Returns Retention Technical Travel Accounts".split(" ");
  private static final String[] REGIONS =
      "EMEA North South East West Iberia Nordics Benelux DACH France".split(" ");
  private static final String[] FIRST =
      ("Ada Björn Chloé Dmitri Eun-ji Fatima George Hélène Ines João"
              + " Katja Liam Mônica Nadia Olu Priya Quentin Rosa Søren Tomás")
          .split(" ");
  private static final String[] LAST =
      ("Almeida Brandt Castellanos Dubois Eriksen Fischer García Hughes Ito Jansen"
              + " Kowalska Lindqvist Moreau Nguyen O'Brien Papadopoulos Quispe Rossi Silva Tanaka")
          .split(" ");
  private static final String[] WRAP_UPS = {
    "Resolved", "Call back later", "Transferred", "Wrong number", "Sale", "Complaint"
  };
  private static final String[] FLOWS = {
    "Inbound calls", "Inbound chats", "Inbound emails", "Inbound messages"
  };
  private static final String[] OUTCOMES = {"Customer identified", "Reason understood"};
  private static final int AGENTS_PER_TEAM = 12;
  private static final int AGENTS_PER_UNIT = 100;
  private static final int QUEUES_PER_AGENT = 3;

  private final String id;
  private final List<Named> divisions;
  private final List<Named> queues;
  private final List<Agent> agents;
  private final List<Named> teams;
  private final List<Named> groups;
  private final List<Named> managementUnits;
  private final List<Named> wrapUpCodes;
  private final List<Named> flows;
  private final List<Named> outcomes;
  private final Map<String, Agent> agentsById;
  private final Map<String, Named> queuesById;
  private volatile List<Agent> listedAgents;
  private volatile List<Named> listedQueues;

  /** Draws an organization of so many agents and queues. */
  public Organization(long seed, int agentCount, int queueCount) {
    SplittableRandom random = new SplittableRandom(seed);
    id = uuid(random);
    divisions = named(random, 3, i -> i == 0 ? "Home" : REGIONS[i]);
    List<List<Integer>> members = lists(queueCount);
    List<List<Integer>> teamMembers = lists(1 + (agentCount - 1) / AGENTS_PER_TEAM);
    List<List<Integer>> unitMembers = lists(1 + (agentCount - 1) / AGENTS_PER_UNIT);
    List<Agent> drawn = new ArrayList<>(agentCount);
    for (int i = 0; i < agentCount; i++) {
      Agent agent = draw(random, i, queueCount);
      drawn.add(agent);
      agent.queues().forEach(queue -> members.get(queue).add(agent.index()));
      teamMembers.get(agent.team()).add(i);
      unitMembers.get(agent.managementUnit()).add(i);
    }
    agents = List.copyOf(drawn);
    queues = named(random, members, Organization::queueName);
    teams = named(random, teamMembers, i -> "Team " + (i + 1));
    managementUnits = named(random, unitMembers, i -> "Management unit " + (i + 1));
    groups = named(random, groupMembers(agentCount), i -> "Tier " + (i + 1));
    wrapUpCodes = named(random, WRAP_UPS.length, i -> WRAP_UPS[i]);
    flows = named(random, FLOWS.length, i -> FLOWS[i]);
    outcomes = named(random, OUTCOMES.length, i -> OUTCOMES[i]);
    agentsById = agents.stream().collect(Collectors.toMap(Agent::id, Function.identity()));
    queuesById = queues.stream().collect(Collectors.toMap(Named::id, Function.identity()));
    listedAgents = agents;
    listedQueues = queues;
  }

  private Agent draw(SplittableRandom random, int index, int queueCount) {
    String first = FIRST[random.nextInt(FIRST.length)];
    String last = LAST[random.nextInt(LAST.length)];
    int served = Math.min(queueCount, 1 + random.nextInt(QUEUES_PER_AGENT));
    List<Integer> queuesServed = new ArrayList<>(List.of(index % queueCount));
    while (queuesServed.size() < served) {
      int queue = random.nextInt(queueCount);
      if (!queuesServed.contains(queue)) {
        queuesServed.add(queue);
      }
    }
    return new Agent(
        index,
        uuid(random),
        first + " " + last,
        "agent" + (index + 1) + "@example.com",
        random.nextInt(divisions.size()),
        index / AGENTS_PER_TEAM,
        index / AGENTS_PER_UNIT,
        List.copyOf(queuesServed));
  }

  private static String queueName(int index) {
    String name = QUEUES[index % QUEUES.length];
    int region = index / QUEUES.length;
    if (region == 0) {
      return name;
    }
    String suffix = region > REGIONS.length ? " " + (region / REGIONS.length + 1) : "";
    return name + " " + REGIONS[(region - 1) % REGIONS.length] + suffix;
  }

  private static List<List<Integer>> groupMembers(int agentCount) {
    List<List<Integer>> tiers = lists(3);
    for (int i = 0; i < agentCount; i++) {
      tiers.get(i % 10 < 6 ? 0 : i % 10 < 9 ? 1 : 2).add(i);
    }
    return tiers;
  }

  private static List<List<Integer>> lists(int count) {
    List<List<Integer>> lists = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      lists.add(new ArrayList<>());
    }
    return lists;
  }

  private static List<Named> named(
      SplittableRandom random, int count, Function<Integer, String> name) {
    return named(random, lists(count), name);
  }

  private static List<Named> named(
      SplittableRandom random, List<List<Integer>> members, Function<Integer, String> name) {
    List<Named> all = new ArrayList<>(members.size());
    for (int i = 0; i < members.size(); i++) {
      all.add(new Named(i, uuid(random), name.apply(i), List.copyOf(members.get(i))));
    }
    return List.copyOf(all);
  }

  static String uuid(SplittableRandom random) {
    return uuid(random.nextLong(), random.nextLong());
  }

  /** A version 4 UUID out of 128 given bits. */
  public static String uuid(long high, long low) {
    return new UUID(
            (high & 0xffffffffffff0fffL) | 0x4000L,
            (low & 0x3fffffffffffffffL) | 0x8000000000000000L)
        .toString();
  }

  public String id() {
    return id;
  }

  public List<Agent> agents() {
    return agents;
  }

  public Agent agent(int index) {
    return agents.get(index);
  }

  public Optional<Agent> agent(String userId) {
    return Optional.ofNullable(agentsById.get(userId));
  }

  public List<Named> queues() {
    return queues;
  }

  public Optional<Named> queue(String queueId) {
    return Optional.ofNullable(queuesById.get(queueId));
  }

  /** From now on listings have the first so many of each, at most all. */
  public void staff(int agentCount, int queueCount) {
    listedAgents = agents.subList(0, Math.min(agentCount, agents.size()));
    listedQueues = queues.subList(0, Math.min(queueCount, queues.size()));
  }

  public List<Agent> listedAgents() {
    return listedAgents;
  }

  public List<Named> listedQueues() {
    return listedQueues;
  }

  public List<Named> divisions() {
    return divisions;
  }

  public List<Named> teams() {
    return teams;
  }

  public List<Named> groups() {
    return groups;
  }

  public List<Named> managementUnits() {
    return managementUnits;
  }

  public List<Named> wrapUpCodes() {
    return wrapUpCodes;
  }

  /** What greets customers before a queue takes them. */
  public List<Named> flows() {
    return flows;
  }

  /** What a flow may find out. */
  public List<Named> outcomes() {
    return outcomes;
  }
}
