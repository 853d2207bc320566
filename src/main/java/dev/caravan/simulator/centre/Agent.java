package dev.caravan.simulator.centre;

import java.util.List;

/**
 * Somebody who serves queues.
 *
 * @param index position in {@link Organization#agents()}
 * @param id user id
 * @param email address, which is also the user name
 * @param team which is also the management unit's subdivision
 * @param queues those that are served
 */
public record Agent(
    int index,
    String id,
    String name,
    String email,
    Entity division,
    Entity team,
    Entity managementUnit,
    List<Entity> queues) {}
