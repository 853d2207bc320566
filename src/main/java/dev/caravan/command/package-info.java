/** What the commands share. */
package dev.caravan.command;
