"""What customers do in the steps of a chain."""

from enum import Enum

import strawberry


@strawberry.enum(description="What is done in a step of a chain.")
class Behaviour(Enum):
    """The behaviours of the algorithm."""

    PURCHASE = strawberry.enum_value("purchase", description="Something of the category is bought.")
    VIEW = strawberry.enum_value("view", description="A product of the category is looked at.")
    FAVOURITE = strawberry.enum_value("favourite", description="It is made a favourite.")
    UNFAVOURITE = strawberry.enum_value("unfavourite", description="It is a favourite no more.")
    CART_ADD = strawberry.enum_value("cart_add", description="It is put into the cart.")
    CART_REMOVE = strawberry.enum_value("cart_remove", description="It is taken out of the cart.")
    VISIT = strawberry.enum_value("visit", description="The customer comes to a store.")
    LOGIN = strawberry.enum_value("login", description="The customer logs in.")
    SHARE = strawberry.enum_value("share", description="Something is shared.")
    SHARE_CLICK = strawberry.enum_value("share_click", description="Somebody's share is clicked.")
    RATING = strawberry.enum_value("rating", description="Something is rated.")
    FEEDBACK = strawberry.enum_value("feedback", description="Feedback is given.")
    REFUND = strawberry.enum_value("refund", description="An order is given back.")
    REGISTER = strawberry.enum_value("register", description="The customer registers.")
    REFERRAL = strawberry.enum_value("referral", description="The customer is brought by another one.")
    COUPON_ISSUE = strawberry.enum_value("coupon_issue", description="A coupon is given to the customer.")
    COUPON_REDEEM = strawberry.enum_value("coupon_redeem", description="A coupon is used.")
