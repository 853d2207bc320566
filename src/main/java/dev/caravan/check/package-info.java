/** What {@code check} looks at before anything runs. */
package dev.caravan.check;
