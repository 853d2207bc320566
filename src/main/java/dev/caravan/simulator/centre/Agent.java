package dev.caravan.simulator.centre;

import java.util.List;

/**
 * Somebody who serves queues.
 *
 * @param index position in {@link Organization#agents()}
 * @param id user id
 * @param name full name
 * @param email address, which is also the user name
 * @param division index of the division
 * @param team index of the team, which is also the management unit's subdivision
 * @param managementUnit index of the management unit
 * @param queues indexes of the queues served
 */
public record Agent(
    int index,
    String id,
    String name,
    String email,
    int division,
    int team,
    int managementUnit,
    List<Integer> queues) {}
