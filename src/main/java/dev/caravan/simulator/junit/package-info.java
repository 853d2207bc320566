/** The stand-in for JUnit, for tests of any client of Genesys Cloud's notifications. */
package dev.caravan.simulator.junit;
