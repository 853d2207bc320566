package dev.caravan.simulator.centre;

import java.util.List;

/**
 * A queue, group, division, team, management unit or wrap-up code.
 *
 * @param index position in its list
 * @param id its id
 * @param name its name
 * @param members indexes of its agents, where it has any
 */
public record Named(int index, String id, String name, List<Integer> members) {}
