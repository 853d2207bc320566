package dev.caravan.simulator.centre;

import java.util.List;

/**
 * A queue, group, division, team, management unit, wrap-up code, flow or its outcome.
 *
 * @param index position in its list
 * @param members indexes of its agents, where it has any
 */
public record Entity(int index, String id, String name, List<Integer> members) {}
