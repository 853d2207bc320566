/** Health and metrics of what the whole bridge needs. */
package dev.caravan.health;
