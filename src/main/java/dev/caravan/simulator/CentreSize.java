package dev.caravan.simulator;

/**
 * How large the contact centre is.
 *
 * @param agents 1 to 20,000
 * @param queues at least one
 * @param conversationsPerAgentHour how busy an agent's hour is; 0 for no conversations
 */
public record CentreSize(int agents, int queues, double conversationsPerAgentHour) {

  private static final int MOST_AGENTS = 20_000;

  public CentreSize {
    if (agents < 1 || agents > MOST_AGENTS) {
      throw new IllegalArgumentException(
          "The simulator staffs 1 to " + MOST_AGENTS + " agents, not " + agents + ".");
    }
    if (queues < 1) {
      throw new IllegalArgumentException("The simulator needs at least one queue.");
    }
    if (!(conversationsPerAgentHour >= 0)) {
      throw new IllegalArgumentException("An agent's hour cannot have less than no conversations.");
    }
  }

  /** So many agents, a queue for every eight of them and an ordinary day. */
  public static CentreSize of(int agents) {
    return new CentreSize(agents, Math.max(2, agents / 8), 9);
  }
}
