/** What the stand-in is told to do wrong, and when. */
package dev.caravan.simulator.fault;
