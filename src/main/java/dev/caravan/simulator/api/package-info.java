/** The stand-in's REST API. */
package dev.caravan.simulator.api;
