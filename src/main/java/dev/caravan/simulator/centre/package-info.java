/**
 * The contact centre itself: its people and queues, their day, and the events that tell of it. Pure
 * logic, the same day again for the same seed.
 */
package dev.caravan.simulator.centre;
