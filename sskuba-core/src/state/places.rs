//! The places that a stack has objects in, by their numbers.

use super::journal::Entry;
use super::record::PlaceId;
use super::replay::{State, TransitionError, refuse};
use crate::address::Token;
use crate::provider::Place;

impl State {
    /// Returns the places that the stack has or had objects in, in the order of their numbers.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Returns a place by its number.
    pub fn place(&self, id: PlaceId) -> Option<&Place> {
        self.places.get(id.0 as usize)
    }

    /// Returns the number of a place; none if the stack has nothing there yet.
    pub fn place_id(&self, place: &Place) -> Option<PlaceId> {
        let at = self.places.iter().position(|known| known == place)?;
        Some(PlaceId(u32::try_from(at).unwrap_or(u32::MAX)))
    }

    /// Returns the number that the next place gets.
    pub fn next_place(&self) -> PlaceId {
        PlaceId(u32::try_from(self.places.len()).unwrap_or(u32::MAX))
    }

    /// Sets the places from a folded record.
    pub fn set_places(&mut self, places: Vec<Place>) {
        self.places = places;
    }

    /// Forgets the places of records that the stack does not know.
    pub fn forget_unknown_places(&mut self) {
        let count = self.places.len();
        for record in self.records.values_mut() {
            record.place = record.place.filter(|place| (place.0 as usize) < count);
        }
    }

    /// Forgets the place that an entry names, if the stack does not know it.
    pub fn forget_unknown_place(&self, entry: &mut Entry) {
        match entry {
            Entry::Intent(intent) => intent.place = intent.place.filter(|place| self.place(*place).is_some()),
            Entry::Adopted(record) => {
                record.place = record.place.filter(|place| self.place(*place).is_some())
            }
            _ => {}
        }
    }

    /// Adds a place under the next number.
    pub(super) fn add_place(&mut self, id: PlaceId, place: Place) -> Result<(), TransitionError> {
        if id != self.next_place() {
            return Err(refuse("a place", &place, "it is not the next one"));
        }
        if self.place_id(&place).is_some() {
            return Err(refuse("a place", &place, "the stack has it already"));
        }
        self.places.push(place);
        Ok(())
    }

    /// Records where objects are.
    pub(super) fn locate(&mut self, tokens: Vec<Token>, place: PlaceId) -> Result<(), TransitionError> {
        self.known(Some(place), &"a location")?;
        for token in tokens {
            if let Some(record) = self.records.get_mut(&token) {
                record.place = Some(place);
                self.touched.push(token);
            }
        }
        Ok(())
    }

    /// Refuses a place that the stack does not have.
    pub(super) fn known(
        &self,
        place: Option<PlaceId>,
        subject: &impl ToString,
    ) -> Result<(), TransitionError> {
        match place {
            Some(place) if self.place(place).is_none() => {
                Err(refuse("a place", subject, "the stack has no place of this number"))
            }
            _ => Ok(()),
        }
    }
}
