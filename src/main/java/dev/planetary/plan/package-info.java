/** Pure: what to create, retire and delete, each with its reason. */
package dev.planetary.plan;
