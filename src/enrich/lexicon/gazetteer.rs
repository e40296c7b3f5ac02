//! A modest gazetteer: countries, regions, cities of a million or that many people travel to; and the nouns that end
//! the names of places and organisations. Names that are also given names or everyday words need a preposition.

use super::Class;

pub(super) const LISTS: &[(Class, &str)] = &[
    (
        Class::PLACE_NOUN,
        "street avenue road queue boulevard square park garden gardens beach lake river mountain mountains mount island islands bay \
         valley canyon forest falls coast city town village county district museum gallery airport station harbor harbour bridge \
         castle palace cathedral church temple mosque hotel hostel cafe restaurant bar pub theater theatre stadium arena library \
         market mall plaza tower trail peak desert ocean sea hills creek springs heights hospital clinic",
    ),
    (
        Class::ORGANISATION_NOUN,
        "inc corp corporation ltd llc gmbh company co university college school academy institute bank foundation association \
         society club team league agency ministry department council committee union party group studio studios records press labs \
         technologies systems airlines airways church center centre orchestra band",
    ),
    (
        Class::PEOPLE_OR_TONGUE,
        "african american arabic argentinian asian australian austrian belgian brazilian british bulgarian canadian cantonese \
         chinese christian colombian croatian cuban czech danish dutch egyptian english estonian european filipino finnish flemish \
         french german greek hebrew hindi hungarian icelandic indian indonesian iranian iraqi irish israeli italian jamaican \
         japanese jewish kenyan korean latin latino latvian lebanese lithuanian malaysian mandarin mexican moroccan muslim nigerian \
         norwegian pakistani persian peruvian polish portuguese romanian russian scottish serbian slovak slovenian spanish swedish \
         swiss syrian taiwanese thai tunisian turkish ukrainian urdu vietnamese welsh yiddish buddhist hindu catholic",
    ),
];

pub(super) const PLACES: &str = "Afghanistan, Albania, Algeria, Andorra, Angola, Argentina, Armenia, Australia, Austria, \
    Azerbaijan, Bahamas, Bahrain, Bangladesh, Barbados, Belarus, Belgium, Belize, Benin, Bhutan, Bolivia, Bosnia, Botswana, Brazil, \
    Brunei, Bulgaria, Burkina Faso, Burundi, Cambodia, Cameroon, Canada, Cape Verde, Chile, China, Colombia, Congo, Costa Rica, \
    Croatia, Cuba, Cyprus, Czechia, Czech Republic, Denmark, Djibouti, Dominican Republic, Ecuador, Egypt, El Salvador, Eritrea, \
    Estonia, Eswatini, Ethiopia, Fiji, Finland, France, Gabon, Gambia, Germany, Ghana, Greece, Greenland, Guatemala, Guinea, \
    Guyana, Haiti, Honduras, Hong Kong, Hungary, Iceland, India, Indonesia, Iran, Iraq, Ireland, Israel, Italy, Ivory Coast, \
    Jamaica, Japan, Kazakhstan, Kenya, Kosovo, Kuwait, Kyrgyzstan, Laos, Latvia, Lebanon, Lesotho, Liberia, Libya, \
    Liechtenstein, Lithuania, Luxembourg, Macau, Madagascar, Malawi, Malaysia, Maldives, Mali, Malta, Mauritania, Mauritius, Mexico, \
    Moldova, Monaco, Mongolia, Montenegro, Morocco, Mozambique, Myanmar, Namibia, Nepal, Netherlands, Holland, New Zealand, \
    Nicaragua, Niger, Nigeria, North Korea, North Macedonia, Norway, Oman, Pakistan, Palestine, Panama, Papua New Guinea, Paraguay, \
    Peru, Philippines, Poland, Portugal, Puerto Rico, Qatar, Romania, Russia, Rwanda, Samoa, Saudi Arabia, Scotland, Senegal, \
    Serbia, Seychelles, Sierra Leone, Singapore, Slovakia, Slovenia, Somalia, South Africa, South Korea, South Sudan, Korea, Spain, \
    Sri Lanka, Sudan, Suriname, Sweden, Switzerland, Syria, Taiwan, Tajikistan, Tanzania, Thailand, Tibet, Togo, Tonga, Trinidad, \
    Tunisia, Turkey, Turkmenistan, Uganda, Ukraine, United Arab Emirates, UAE, United Kingdom, UK, Great Britain, Britain, England, \
    Wales, Northern Ireland, United States, USA, US, U.S, America, Uruguay, Uzbekistan, Vatican, Venezuela, Vietnam, Yemen, Zambia, \
    Zimbabwe, Europe, Asia, Africa, Antarctica, Oceania, South America, North America, Latin America, Central America, Middle East, \
    Scandinavia, Balkans, Caribbean, Mediterranean, Bavaria, Tuscany, Sicily, Provence, Catalonia, Andalusia, Brittany, Normandy, \
    Crete, Corsica, Sardinia, Mallorca, Ibiza, Bali, Java, Okinawa, Hokkaido, Tasmania, Alps, Andes, Himalayas, Pyrenees, Rockies, \
    Sahara, Amazon River, Nile, Danube, Rhine, Thames, Alabama, Alaska, Arizona, Arkansas, California, Colorado, Connecticut, \
    Delaware, Florida, Hawaii, Idaho, Illinois, Indiana, Iowa, Kansas, Kentucky, Louisiana, Maine, Maryland, Massachusetts, Michigan, \
    Minnesota, Mississippi, Missouri, Montana, Nebraska, Nevada, New Hampshire, New Jersey, New Mexico, New York, North Carolina, \
    North Dakota, Ohio, Oklahoma, Oregon, Pennsylvania, Rhode Island, South Carolina, South Dakota, Tennessee, Texas, Utah, Vermont, \
    Washington, West Virginia, Wisconsin, Wyoming, Ontario, Quebec, British Columbia, Alberta, Nova Scotia, Manitoba, Queensland, \
    New South Wales, Abu Dhabi, Accra, Addis Ababa, Adelaide, Alexandria, Algiers, Amman, Amsterdam, Ankara, Antwerp, Athens, Atlanta, \
    Auckland, Austin, Baghdad, Baku, Baltimore, Bangalore, Bangkok, Barcelona, Basel, Beijing, Beirut, Belfast, Belgrade, Bergen, \
    Berlin, Bern, Birmingham, Bogota, Bologna, Bombay, Bordeaux, Boston, Bratislava, Bremen, Brighton, Brisbane, Bristol, Brooklyn, \
    Brussels, Bucharest, Budapest, Buenos Aires, Buffalo, Cairo, Calgary, Cambridge, Canberra, Cancun, Cape Town, Caracas, Cardiff, \
    Casablanca, Chennai, Chicago, Cincinnati, Cleveland, Cologne, Copenhagen, Cork, Dakar, Dallas, Damascus, Delhi, New Delhi, Denver, \
    Detroit, Dhaka, Doha, Dortmund, Dresden, Dubai, Dublin, Durban, Düsseldorf, Edinburgh, Edmonton, Essen, Florence Italy, Frankfurt, \
    Gdansk, Geneva, Genoa, Ghent, Glasgow, Gothenburg, Granada, Graz, Guadalajara, Hamburg, Hanoi, Hanover, Harare, Havana, Helsinki, \
    Hiroshima, Ho Chi Minh City, Honolulu, Houston, Hyderabad, Istanbul, Izmir, Jakarta, Jerusalem, Johannesburg, Kabul, Kampala, \
    Karachi, Kathmandu, Kiev, Kyiv, Kinshasa, Krakow, Kuala Lumpur, Kyoto, Lagos, Lahore, Las Vegas, Vegas, Leeds, Leipzig, Lille, \
    Lima, Lisbon, Liverpool, Ljubljana, London, Los Angeles, LA, Luanda, Lviv, Lyon, Madrid, Malaga, Manchester, Manhattan, Manila, \
    Marrakech, Marseille, Mecca, Medellin, Melbourne, Memphis, Mexico City, Miami, Milan, Milwaukee, Minneapolis, Minsk, Montevideo, \
    Montreal, Moscow, Mumbai, Munich, Nagoya, Nairobi, Naples, Nashville, New Orleans, New York City, NYC, Newcastle, Nice France, \
    Nuremberg, Oakland, Odessa, Orlando, Osaka, Oslo, Ottawa, Oxford, Palermo, Paris, Perth, Philadelphia, Phoenix, Pittsburgh, \
    Portland, Porto, Prague, Pretoria, Queens, Quito, Reykjavik, Riga, Rio de Janeiro, Rio, Riyadh, Rome, Rotterdam, Sacramento, \
    Saint Petersburg, St Petersburg, Salt Lake City, Salzburg, San Antonio, San Diego, San Francisco, San Jose, Santiago de Chile, \
    Sao Paulo, Sarajevo, Seattle, Seoul, Seville, Shanghai, Shenzhen, Sofia Bulgaria, Split, Stockholm, Strasbourg, Stuttgart, Sydney, \
    Taipei, Tallinn, Tampa, Tangier, Tashkent, Tbilisi, Tehran, Tel Aviv, The Hague, Tokyo, Toronto, Toulouse, Tripoli, Tunis, Turin, \
    Utrecht, Valencia, Vancouver, Venice, Verona, Vienna, Vilnius, Warsaw, Wellington, Yerevan, Zagreb, Zanzibar, Zurich, Silicon \
    Valley, Hollywood, Grand Canyon, Yosemite, Yellowstone, Niagara Falls, Mount Everest, Mount Fuji, Machu Picchu, Eiffel Tower, \
    Central Park, Times Square, Wall Street, Big Ben, Stonehenge, Disneyland";
