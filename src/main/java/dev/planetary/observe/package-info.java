/** Immutable snapshots of what is there; nobody here acts. */
package dev.planetary.observe;
